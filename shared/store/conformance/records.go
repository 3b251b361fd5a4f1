package conformance

import (
	"strings"
	"time"

	"dps/shared/dps"
)

var recordTests = []test{
	{"a result makes a record that holds all of it", func(f fixture) {
		r := newResult()
		r.Step, r.CoAPCode, r.LocalEndpoints = dps.StepCloudConfiguration, "2.05", []string{"coap://[fe80::1]:1"}
		r.Cloud = &dps.CloudDetail{ProviderName: "p", Gateways: []dps.Gateway{{URI: "coaps+tcp://g", ID: "i"}}}
		f.wantChanged(1, r)
		rec := f.record(r.RecordID)
		f.same(rec.Steps, map[dps.Step]dps.StepResult{r.Step: r})
		f.same([]any{rec.ID, rec.Owner, rec.GroupID, rec.DeviceID, rec.Created, rec.Updated, rec.LocalEndpoints},
			[]any{r.RecordID, r.Owner, r.GroupID, r.DeviceID, r.Time, r.Time, r.LocalEndpoints})
	}},
	{"an unknown record is not found", func(f fixture) {
		_, err := f.store.Record(f.Context(), dps.NewUUID())
		f.wantCode(err, dps.CodeNotFound)
	}},
	{"no results change nothing", func(f fixture) { f.wantChanged(0) }},
	{"one batch may hold results of many records", func(f fixture) {
		a, b := newResult(), newResult()
		a2 := a
		a2.EventID, a2.Step, a2.Time = dps.NewUUID(), dps.StepACLs, a.Time.Add(time.Second)
		f.wantChanged(3, a, b, a2)
		f.same(len(f.record(a.RecordID).Steps), 2)
		f.same(len(f.record(b.RecordID).Steps), 1)
	}},
	{"an invalid result stores nothing of its batch", func(f fixture) {
		for field, change := range map[string]func(*dps.StepResult){
			"recordId": func(r *dps.StepResult) { r.RecordID = "" },
			"owner":    func(r *dps.StepResult) { r.Owner = "" },
			"step":     func(r *dps.StepResult) { r.Step = "" },
			"owner: ":  func(r *dps.StepResult) { r.Owner = "a\x00b" },
			"recordId: has": func(r *dps.StepResult) {
				r.RecordID = strings.Repeat("r", dps.MaxNameLength+1)
			},
		} {
			before, bad, after := newResult(), newResult(), newResult()
			change(&bad)
			n, err := f.store.MergeResults(f.Context(), []dps.StepResult{before, bad, after})
			f.wantInvalid(err, field)
			f.same(n, 0)
			for _, r := range []dps.StepResult{before, after} {
				_, err := f.store.Record(f.Context(), r.RecordID)
				f.wantCode(err, dps.CodeNotFound)
			}
		}
	}},
	{"a deleted record is gone, its audit stays", func(f fixture) {
		r := newResult()
		f.merge(r)
		f.must(f.store.AppendAudit(f.Context(), dps.AuditEntry{Time: start, RecordID: r.RecordID}))
		f.must(f.store.DeleteRecord(f.Context(), r.RecordID))
		f.must(f.store.DeleteRecord(f.Context(), r.RecordID))
		_, err := f.store.Record(f.Context(), r.RecordID)
		f.wantCode(err, dps.CodeNotFound)
		f.same(len(f.audit(r.RecordID)), 1)
		f.wantListed(r.Owner)
		f.wantChanged(1, r)
	}},
	{"a record that changes its owner moves between listings", func(f fixture) {
		r := newResult()
		f.merge(r)
		sold := r
		sold.EventID, sold.Owner, sold.Time = dps.NewUUID(), newOwner(), r.Time.Add(time.Hour)
		f.merge(sold)
		f.wantListed(r.Owner)
		f.wantListed(sold.Owner, r.RecordID)
	}},
	{"concurrent batches for one record all count", func(f fixture) {
		results := make([]dps.StepResult, writers)
		first := newResult()
		for i := range results {
			results[i] = first
			results[i].EventID, results[i].Step = dps.NewUUID(), dps.Step("step-"+string(rune('a'+i)))
		}
		for _, err := range race(func(i int) error {
			n, err := f.store.MergeResults(f.Context(), results[i:i+1])
			if err == nil && n != 1 {
				f.Errorf("result %d: %d changes, want 1", i, n)
			}
			return err
		}) {
			f.must(err)
		}
		f.same(len(f.record(first.RecordID).Steps), writers)
	}},
}

// newResult is an event of a new device of a new owner.
func newResult() dps.StepResult {
	return dps.StepResult{
		EventID: dps.NewUUID(), Time: start, RecordID: dps.NewUUID(), GroupID: dps.NewUUID(), Owner: newOwner(),
		Step: dps.StepAttestation, DeviceID: dps.NewUUID(),
	}
}

func (f fixture) merge(results ...dps.StepResult) {
	f.Helper()
	_, err := f.store.MergeResults(f.Context(), results)
	f.must(err)
}

func (f fixture) wantChanged(want int, results ...dps.StepResult) {
	f.Helper()
	n, err := f.store.MergeResults(f.Context(), results)
	f.must(err)
	f.same(n, want)
}

func (f fixture) record(id string) dps.Record {
	f.Helper()
	rec, err := f.store.Record(f.Context(), id)
	f.must(err)
	return rec
}

// wantListed checks the ids of the owner's records.
func (f fixture) wantListed(owner string, ids ...string) {
	f.Helper()
	records, next, err := f.store.ListRecords(f.Context(), owner, dps.Page{})
	f.must(err)
	got := []string{}
	for _, rec := range records {
		got = append(got, rec.ID)
	}
	f.same(got, append([]string{}, ids...))
	f.same(next, "")
}
