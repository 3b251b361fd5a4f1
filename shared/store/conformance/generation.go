package conformance

import "dps/shared/dps"

var generationTests = []test{
	{"every change to a group or hub raises it", func(f fixture) {
		g, h := f.group(), f.hub()
		f.raises("create a group", func() { g = f.putGroup(g) })
		f.raises("update a group", func() { g = f.putGroup(g) })
		f.raises("delete a group", func() { f.must(f.store.DeleteGroup(f.Context(), g.ID)) })
		f.raises("create a hub", func() { h = f.putHub(h) })
		f.raises("update a hub", func() { h = f.putHub(h) })
		f.raises("delete a hub", func() { f.must(f.store.DeleteHub(f.Context(), h.ID)) })
	}},
	{"concurrent changes each raise it", func(f fixture) {
		hubs := make([]dps.Hub, writers)
		for i := range hubs {
			hubs[i] = f.hub()
		}
		for _, err := range race(func(i int) error {
			before, err := f.store.Generation(f.Context())
			if err != nil {
				return err
			}
			if _, err := f.store.PutHub(f.Context(), hubs[i]); err != nil {
				return err
			}
			after, err := f.store.Generation(f.Context())
			if err == nil && after <= before {
				f.Errorf("generation %d after a change, %d before it", after, before)
			}
			return err
		}) {
			f.must(err)
		}
	}},
	{"what devices do does not raise it", func(f fixture) {
		before, r := f.generation(), newResult()
		f.merge(r)
		_, err := f.store.ClaimDevice(f.Context(), newBinding())
		f.must(err)
		f.must(f.store.AppendAudit(f.Context(), dps.AuditEntry{Time: start, RecordID: r.RecordID}))
		f.must(f.store.DeleteRecord(f.Context(), r.RecordID))
		f.must(f.store.PutManifest(f.Context(), newOwner(), dps.Manifest{}))
		if after := f.generation(); after != before {
			f.Errorf("generation %d, want %d", after, before)
		}
	}},
	{"a refused change does not raise it", func(f fixture) {
		g := f.putGroup(f.group())
		before := f.generation()
		g.Version = 7
		_, err := f.store.PutGroup(f.Context(), g)
		f.wantCode(err, dps.CodeConflict)
		if after := f.generation(); after != before {
			f.Errorf("generation %d, want %d", after, before)
		}
	}},
}

func (f fixture) generation() uint64 {
	f.Helper()
	n, err := f.store.Generation(f.Context())
	f.must(err)
	return n
}

func (f fixture) raises(what string, change func()) {
	f.Helper()
	before := f.generation()
	change()
	if after := f.generation(); after <= before {
		f.Errorf("%s: generation %d after, %d before", what, after, before)
	}
}
