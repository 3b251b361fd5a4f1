package conformance

import (
	"context"
	"slices"
	"strings"
	"time"

	"dps/shared/dps"
)

// fleet is some records of one owner that differ in all that a query can ask for.
type fleet struct {
	fixture
	owner   string
	records []dps.Record
}

const (
	fleetGroups = 3
	fleetSize   = 24
)

func (f fixture) fleet() fleet {
	f.Helper()
	out := fleet{f, newOwner(), nil}
	groups := make([]string, fleetGroups)
	for i := range groups {
		groups[i] = dps.NewUUID()
	}
	var ids []string
	for i := range fleetSize {
		r := newResult()
		r.Owner, r.GroupID = out.owner, groups[i%fleetGroups]
		r.Time = start.Add(time.Duration(i/2) * time.Hour) // two at a time
		r.Attestation = &dps.AttestationDetail{CommonName: []string{"Lamp ", "lamp-", "Öl ", "x#y "}[i%4] + r.RecordID[:8]}
		results := []dps.StepResult{r}
		for _, step := range []dps.Step{dps.StepOwnership, dps.StepCloudConfiguration, dps.StepCredentials, dps.StepACLs} {
			more := r
			more.EventID, more.Step, more.Attestation, more.CoAPCode = dps.NewUUID(), step, nil, "2.04"
			switch i % 5 {
			case 0: // went no further
				continue
			case 1:
				more.CoAPCode = "5.03"
			}
			results = append(results, more)
		}
		f.merge(results...)
		ids = append(ids, r.RecordID)
	}
	for _, id := range ids {
		out.records = append(out.records, f.record(id))
	}
	return out
}

// wantFound pages through the query with pages of several sizes, and wants just what meets it, in order.
func (l fleet) wantFound(name string, q dps.RecordQuery) {
	l.Helper()
	q.Owner = l.owner
	var want []dps.RecordSummary
	for _, rec := range l.records {
		if s := rec.Summary(); q.Matches(s) {
			want = append(want, s)
		}
	}
	slices.SortFunc(want, func(a, b dps.RecordSummary) int { return a.Position().Compare(b.Position()) })
	for _, size := range []int{1, 5, len(want), dps.MaxPageSize} {
		var got []string
		for token, more := "", true; more; more = token != "" {
			page, next, err := l.store.FindRecords(l.Context(), q, dps.Page{Size: size, Token: token})
			l.must(err)
			for _, rec := range page {
				got = append(got, rec.ID)
			}
			if token = next; len(page) > max(size, 1) && size > 0 || len(got) > len(want) {
				l.Fatalf("%s: page of %d, %d found in all, want %d", name, len(page), len(got), len(want))
			}
		}
		ids := make([]string, len(want))
		for i, s := range want {
			ids[i] = s.ID
		}
		if q.Prefix != "" { // in an order of the store's own
			slices.Sort(got)
			slices.Sort(ids)
		}
		if !slices.Equal(got, ids) {
			l.Errorf("%s, pages of %d:\ngot  %v\nwant %v", name, size, got, ids)
		}
	}
}

var findTests = []test{
	{"each condition by itself, and many together", func(f fixture) {
		l := f.fleet()
		one, two := l.records[1], l.records[7]
		noon := start.Add(6 * time.Hour)
		for name, q := range map[string]dps.RecordQuery{
			"everything":            {},
			"a group":               {GroupIDs: []string{one.GroupID}},
			"two groups":            {GroupIDs: []string{one.GroupID, l.records[2].GroupID}},
			"a group that is not":   {GroupIDs: []string{dps.NewUUID()}},
			"failed":                {States: []dps.RecordState{dps.RecordFailed}},
			"ok or pending":         {States: []dps.RecordState{dps.RecordOK, dps.RecordPending}},
			"a group's failed":      {GroupIDs: []string{one.GroupID}, States: []dps.RecordState{dps.RecordFailed}},
			"devices":               {DeviceIDs: []string{one.DeviceID, two.DeviceID, dps.NewUUID()}},
			"a device, wrong state": {DeviceIDs: []string{one.DeviceID}, States: []dps.RecordState{dps.RecordPending}},
			"from":                  {UpdatedFrom: noon},
			"before":                {UpdatedBefore: noon},
			"a moment":              {UpdatedFrom: noon, UpdatedBefore: noon.Add(time.Nanosecond)},
			"no time at all":        {UpdatedFrom: noon, UpdatedBefore: noon},
			"failed lately":         {States: []dps.RecordState{dps.RecordFailed}, UpdatedFrom: noon},
			"a group lately":        {GroupIDs: []string{one.GroupID}, UpdatedFrom: noon, UpdatedBefore: noon.Add(3 * time.Hour)},
			"record id":             {Prefix: one.ID},
			"no device":             {DeviceIDs: []string{""}},
			"device id":             {Prefix: strings.ToUpper(one.DeviceID[:9])},
			"a digit":               {Prefix: one.ID[:1]},
			"name":                  {Prefix: "lAMP"},
			"name with a blank":     {Prefix: "lamp "},
			"name beyond ASCII":     {Prefix: "öL"},
			"name with a mark":      {Prefix: "X#y"},
			"nobody":                {Prefix: "lamps of another kind"},
			"a mark":                {Prefix: "#"},
			"name and state":        {Prefix: "lamp", States: []dps.RecordState{dps.RecordOK}},
			"name, group and time":  {Prefix: "lamp", GroupIDs: []string{one.GroupID}, UpdatedFrom: start.Add(time.Hour)},
		} {
			l.wantFound(name, q)
		}
	}},
	{"what changes is found as it is now", func(f fixture) {
		l := f.fleet()
		was := l.records[1]
		moved := newResult()
		moved.RecordID, moved.Owner, moved.Time = was.ID, l.owner, start.Add(100*time.Hour)
		moved.Step, moved.CoAPCode = dps.StepOwnership, "4.03"
		moved.Attestation = &dps.AttestationDetail{CommonName: "ignored, as it is no attestation"}
		f.merge(moved)
		l.records[1] = f.record(was.ID)
		l.wantFound("everything", dps.RecordQuery{})
		l.wantFound("its old group", dps.RecordQuery{GroupIDs: []string{was.GroupID}})
		l.wantFound("its new group", dps.RecordQuery{GroupIDs: []string{moved.GroupID}})
		l.wantFound("its old device", dps.RecordQuery{DeviceIDs: []string{was.DeviceID}})
		l.wantFound("its new device", dps.RecordQuery{DeviceIDs: []string{moved.DeviceID}})
		l.wantFound("its old device's beginning", dps.RecordQuery{Prefix: was.DeviceID[:12]})
		l.wantFound("lately", dps.RecordQuery{UpdatedFrom: start.Add(99 * time.Hour)})
		l.wantFound("failed", dps.RecordQuery{States: []dps.RecordState{dps.RecordFailed}})

		sold := moved
		sold.EventID, sold.Owner, sold.Time = dps.NewUUID(), newOwner(), moved.Time.Add(time.Hour)
		f.merge(sold)
		f.must(f.store.DeleteRecord(f.Context(), l.records[2].ID))
		l.records = slices.Delete(l.records, 1, 3)
		l.wantFound("without what was sold and deleted", dps.RecordQuery{})
		l.wantFound("by name", dps.RecordQuery{Prefix: "lamp"})
		other := fleet{f, sold.Owner, []dps.Record{f.record(sold.RecordID)}}
		other.wantFound("the buyer's", dps.RecordQuery{DeviceIDs: []string{sold.DeviceID}})
	}},
	{"a token is of its query alone", func(f fixture) {
		l := f.fleet()
		q := dps.RecordQuery{Owner: l.owner, States: []dps.RecordState{dps.RecordOK, dps.RecordPending}}
		_, token, err := f.store.FindRecords(f.Context(), q, dps.Page{Size: 2})
		f.must(err)
		turned := q
		turned.States = []dps.RecordState{dps.RecordPending, dps.RecordOK}
		_, _, err = f.store.FindRecords(f.Context(), turned, dps.Page{Size: 2, Token: token})
		f.must(err)
		for name, change := range map[string]func(*dps.RecordQuery){
			"owner": func(q *dps.RecordQuery) { q.Owner = newOwner() }, "state": func(q *dps.RecordQuery) { q.States = q.States[:1] },
			"prefix": func(q *dps.RecordQuery) { q.Prefix = "a" }, "time": func(q *dps.RecordQuery) { q.UpdatedFrom = start },
		} {
			other := q
			change(&other)
			if _, _, err := f.store.FindRecords(f.Context(), other, dps.Page{Token: token}); dps.CodeOf(err) != dps.CodeInvalid {
				f.Errorf("another %s: %v", name, err)
			}
		}
	}},
	{"summaries are of the owner's records, all of them", func(f fixture) {
		l := f.fleet()
		want := make(map[string]dps.RecordSummary)
		for _, rec := range l.records {
			want[rec.ID] = rec.Summary()
		}
		got := make(map[string]dps.RecordSummary)
		f.must(f.store.SummarizeRecords(f.Context(), l.owner, func(s dps.RecordSummary) bool { got[s.ID] = s; return true }))
		f.same(got, want)
		n := 0
		f.must(f.store.SummarizeRecords(f.Context(), l.owner, func(dps.RecordSummary) bool { n++; return n < 3 }))
		f.same(n, 3)
		for _, nobody := range []string{newOwner(), "", l.owner + "\x00", l.owner[:len(l.owner)-1]} {
			f.must(f.store.SummarizeRecords(f.Context(), nobody, func(s dps.RecordSummary) bool { f.Errorf("%q sees %+v", nobody, s); return true }))
		}
	}},
}

// findAll is FindRecords as a listing.
func findAll(s dps.Store, ctx context.Context, owner string, p dps.Page) ([]dps.Record, string, error) {
	return s.FindRecords(ctx, dps.RecordQuery{Owner: owner}, p)
}
