package conformance

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"dps/shared/dps"
)

var mergeTests = []test{
	{"the same results again change nothing", func(f fixture) {
		story := story()
		f.merge(story...)
		once := f.record(story[0].RecordID)
		f.wantChanged(0, story...)
		for _, r := range story {
			f.wantChanged(0, r, r)
		}
		f.same(f.record(once.ID), once)
	}},
	{"a result twice in one batch counts once", func(f fixture) {
		r := newResult()
		f.wantChanged(1, r, r)
	}},
	{"an earlier result of a step does not replace a later", func(f fixture) {
		r := newResult()
		late := r
		late.EventID, late.Time, late.ErrorMessage = dps.NewUUID(), r.Time.Add(-time.Nanosecond), "late"
		f.merge(r)
		f.wantChanged(1, late) // the story now begins earlier
		rec := f.record(r.RecordID)
		f.same([]any{rec.Steps[r.Step], rec.Created, rec.Updated}, []any{r, late.Time, r.Time})
	}},
	{"at equal times the greater event id wins", func(f fixture) {
		for _, ids := range [][2]string{{"a", "b"}, {"b", "a"}} {
			r := newResult()
			for _, id := range ids {
				r.EventID = id
				f.merge(r)
			}
			f.same(f.record(r.RecordID).Steps[r.Step].EventID, "b")
		}
	}},
	{"nothing empty erases a device id or endpoints", func(f fixture) {
		r := newResult()
		r.LocalEndpoints = []string{"coap://a"}
		later := r
		later.EventID, later.Time, later.DeviceID, later.LocalEndpoints = dps.NewUUID(), r.Time.Add(time.Second), "", nil
		f.merge(r)
		f.merge(later)
		rec := f.record(r.RecordID)
		f.same([]any{rec.DeviceID, rec.LocalEndpoints, rec.Updated}, []any{r.DeviceID, r.LocalEndpoints, later.Time})
	}},
	{"the order of results does not matter", func(f fixture) {
		for seed := range uint64(20) {
			f.shuffled(rand.New(rand.NewPCG(seed, 0)))
		}
	}},
}

// shuffled delivers a story in order and at once, then the same in another order, in batches, some of it twice.
func (f fixture) shuffled(r *rand.Rand) {
	f.Helper()
	story := story()
	f.merge(story...)
	want := f.record(story[0].RecordID)
	again := dps.NewUUID()
	for i := range story {
		story[i].RecordID = again
	}
	delivered := slices.Concat(story, story[:r.IntN(len(story))])
	r.Shuffle(len(delivered), func(i, j int) { delivered[i], delivered[j] = delivered[j], delivered[i] })
	for len(delivered) > 0 {
		n := 1 + r.IntN(len(delivered))
		f.merge(delivered[:n]...)
		delivered = delivered[n:]
	}
	got := f.record(again)
	f.sameStory(got, want)
	f.wantListed(got.Owner, min(got.ID, want.ID), max(got.ID, want.ID))
}

// sameStory compares records of two devices that went the same way.
func (f fixture) sameStory(got, want dps.Record) {
	f.Helper()
	for step, r := range got.Steps {
		r.RecordID = want.ID
		got.Steps[step] = r
	}
	got.ID = want.ID
	f.same(got, want)
}

// story is a device's way through three steps over and over, in which everything that can change does: the device's id and
// endpoints come, go and change, it is sold once, and events share times.
func story() []dps.StepResult {
	first, buyer := newResult(), newOwner()
	var events []dps.StepResult
	for i := range 18 {
		r := first
		r.EventID, r.Time = fmt.Sprintf("event-%02d", i*7%18), start.Add(time.Duration(i/3)*time.Second)
		r.Step = []dps.Step{dps.StepTime, dps.StepOwnership, dps.StepLocalEndpoints}[i*5%3]
		r.CoAPCode, r.DeviceID = fmt.Sprint("2.", i), ""
		if i%4 == 1 {
			r.DeviceID = fmt.Sprint("device-", i)
		}
		if i%5 == 2 {
			r.LocalEndpoints = []string{fmt.Sprint("coap://", i)}
		}
		if i > 11 {
			r.Owner = buyer
		}
		events = append(events, r)
	}
	return events
}
