package conformance

import (
	"context"

	"dps/shared/dps"
)

var contextTests = []test{
	{"a call whose context has ended is unavailable and does nothing", func(f fixture) {
		g, h, r, b := f.group(), f.hub(), newResult(), newBinding()
		e, source := newEntry(r.RecordID, start), newOwner()
		kept, keptHub := f.putGroup(f.group()), f.putHub(f.hub())
		before := f.generation()
		ended, cancel := context.WithCancel(f.Context())
		cancel()
		for name, err := range calls(ended, f.store, g, h, r, b, e, source, kept.ID, keptHub.ID) {
			if dps.CodeOf(err) != dps.CodeUnavailable {
				f.Errorf("%s: error %v, want unavailable", name, err)
			}
		}
		f.same(f.generation(), before)
		f.wantGroup(kept)
		f.wantHub(keptHub)
		f.wantNothingOf(g, h, r, b, source)
	}},
}

// calls makes every call there is and gives their errors by name.
func calls(ctx context.Context, s dps.Store, g dps.EnrollmentGroup, h dps.Hub, r dps.StepResult, b dps.DeviceBinding,
	e dps.AuditEntry, source, groupID, hubID string,
) map[string]error {
	errs := map[string]error{
		"DeleteGroup": s.DeleteGroup(ctx, groupID), "DeleteHub": s.DeleteHub(ctx, hubID), "DeleteRecord": s.DeleteRecord(ctx, r.RecordID),
		"ReleaseDevice": s.ReleaseDevice(ctx, b.DeviceID), "AppendAudit": s.AppendAudit(ctx, e),
		"PutManifest": s.PutManifest(ctx, source, dps.Manifest{GroupIDs: []string{"x"}}),
	}
	_, errs["PutGroup"] = s.PutGroup(ctx, g)
	_, errs["PutHub"] = s.PutHub(ctx, h)
	_, errs["MergeResults"] = s.MergeResults(ctx, []dps.StepResult{r})
	_, errs["ClaimDevice"] = s.ClaimDevice(ctx, b)
	_, errs["Group"] = s.Group(ctx, groupID)
	_, errs["GroupsByCA"] = s.GroupsByCA(ctx, "x")
	_, errs["Hub"] = s.Hub(ctx, hubID)
	_, errs["Generation"] = s.Generation(ctx)
	_, errs["Record"] = s.Record(ctx, r.RecordID)
	_, errs["Binding"] = s.Binding(ctx, b.DeviceID)
	_, errs["Manifest"] = s.Manifest(ctx, source)
	errs["SummarizeRecords"] = s.SummarizeRecords(ctx, g.Owner, func(dps.RecordSummary) bool { return true })
	for _, l := range listings {
		_, _, errs["list "+l.name] = l.list(ctx, s, g.Owner, dps.Page{})
	}
	return errs
}

func (f fixture) wantNothingOf(g dps.EnrollmentGroup, h dps.Hub, r dps.StepResult, b dps.DeviceBinding, source string) {
	f.Helper()
	_, err := f.store.Group(f.Context(), g.ID)
	f.wantCode(err, dps.CodeNotFound)
	_, err = f.store.Hub(f.Context(), h.ID)
	f.wantCode(err, dps.CodeNotFound)
	_, err = f.store.Record(f.Context(), r.RecordID)
	f.wantCode(err, dps.CodeNotFound)
	_, err = f.store.Binding(f.Context(), b.DeviceID)
	f.wantCode(err, dps.CodeNotFound)
	f.same(len(f.audit(r.RecordID)), 0)
	m, err := f.store.Manifest(f.Context(), source)
	f.must(err)
	f.same(m, dps.Manifest{})
}
