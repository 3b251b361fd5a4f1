package conformance

import (
	"slices"
	"strings"
	"time"

	"dps/shared/dps"
)

var auditTests = []test{
	{"entries are listed whole, oldest first, however they came", func(f fixture) {
		id := dps.NewUUID()
		var want []dps.AuditEntry
		for i := range 5 {
			want = append(want, newEntry(id, start.Add(time.Duration(i*i)*time.Nanosecond)))
		}
		want = append(want, newEntry(id, start.Add(time.Second).Truncate(time.Second)), newEntry(id, start.AddDate(20, 0, 0)))
		for _, e := range slices.Backward(want) {
			f.append(e)
		}
		f.same(f.audit(id), want)
	}},
	{"the same entry twice is kept once", func(f fixture) {
		e := newEntry(dps.NewUUID(), start)
		f.append(e)
		f.append(e)
		elsewhere := e
		elsewhere.Time = e.Time.In(time.FixedZone("elsewhere", 3600)) // the same moment
		f.append(elsewhere)
		f.same(f.audit(e.RecordID), []dps.AuditEntry{e})
	}},
	{"the same entry from many at once is kept once", func(f fixture) {
		e := newEntry(dps.NewUUID(), start)
		for _, err := range race(func(int) error { return f.store.AppendAudit(f.Context(), e) }) {
			f.must(err)
		}
		f.same(f.audit(e.RecordID), []dps.AuditEntry{e})
	}},
	{"an entry replaces no other, whatever the two share", func(f fixture) {
		id := dps.NewUUID()
		for _, change := range []func(*dps.AuditEntry){
			func(*dps.AuditEntry) {},
			func(e *dps.AuditEntry) { e.Event = dps.AuditBindingDenied },
			func(e *dps.AuditEntry) { e.DeviceID = dps.NewUUID() },
			func(e *dps.AuditEntry) { e.GroupID = dps.NewUUID() },
			func(e *dps.AuditEntry) { e.Serial = "0b" },
			func(e *dps.AuditEntry) { e.Detail = "another" },
			func(e *dps.AuditEntry) { e.CertificatePEM = "another" },
		} {
			e := newEntry(id, start)
			change(&e)
			f.append(e)
		}
		if n := len(f.audit(id)); n != 7 {
			f.Errorf("%d entries, want 7", n)
		}
	}},
	{"each key has its own audit", func(f fixture) {
		e := newEntry(dps.NewUUID(), start)
		f.append(e)
		for _, id := range []string{dps.NewUUID(), e.RecordID[:8], e.RecordID + "\x00", "", e.RecordID + "0"} {
			f.same(len(f.audit(id)), 0)
		}
	}},
	{"an entry that could not be found again is refused", func(f fixture) {
		for field, change := range map[string]func(*dps.AuditEntry){
			"recordId":      func(e *dps.AuditEntry) { e.RecordID = "" },
			"recordId: has": func(e *dps.AuditEntry) { e.RecordID = strings.Repeat("r", dps.MaxNameLength+1) },
			"time":          func(e *dps.AuditEntry) { e.Time = e.Time.AddDate(8000, 0, 0) },
		} {
			e := newEntry(dps.NewUUID(), start)
			change(&e)
			f.wantInvalid(f.store.AppendAudit(f.Context(), e), field)
			f.same(len(f.audit(e.RecordID)), 0)
		}
	}},
}

func newEntry(recordID string, at time.Time) dps.AuditEntry {
	return dps.AuditEntry{
		Time: at, Event: dps.AuditIssued, RecordID: recordID, DeviceID: "device", Owner: "owner", GroupID: "group", HubID: "hub",
		Serial: "0a", NotBefore: start, NotAfter: start.AddDate(1, 0, 0), CertificatePEM: "PEM", Detail: "detail",
	}
}

func (f fixture) append(e dps.AuditEntry) {
	f.Helper()
	f.must(f.store.AppendAudit(f.Context(), e))
}

// audit gives all entries of a key.
func (f fixture) audit(recordID string) []dps.AuditEntry {
	f.Helper()
	entries, next, err := f.store.ListAudit(f.Context(), recordID, dps.Page{})
	f.must(err)
	f.same(next, "")
	return entries
}
