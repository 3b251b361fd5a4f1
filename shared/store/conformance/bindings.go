package conformance

import (
	"strings"
	"time"

	"dps/shared/dps"
)

var bindingTests = []test{
	{"a claim of a free device id stands", func(f fixture) {
		b := newBinding()
		standing, err := f.store.ClaimDevice(f.Context(), b)
		f.must(err)
		f.same(standing, b)
		f.wantBinding(b)
	}},
	{"the same key may claim again, the first claim stands", func(f fixture) {
		b := f.claim(newBinding())
		again := b
		again.Owner, again.GroupID, again.Created = newOwner(), dps.NewUUID(), b.Created.Add(time.Hour)
		standing, err := f.store.ClaimDevice(f.Context(), again)
		f.must(err)
		f.same(standing, b)
		f.wantBinding(b)
	}},
	{"another key conflicts, and is told who stands", func(f fixture) {
		b := f.claim(newBinding())
		thief := newBinding()
		thief.DeviceID = b.DeviceID
		standing, err := f.store.ClaimDevice(f.Context(), thief)
		f.wantCode(err, dps.CodeConflict)
		f.same(standing, b)
		f.wantBinding(b)
	}},
	{"of keys that race for a device id one wins, and all are told which", func(f fixture) {
		device := dps.NewUUID()
		claims, standing := make([]dps.DeviceBinding, writers), make([]dps.DeviceBinding, writers)
		for i := range claims {
			claims[i] = newBinding()
			claims[i].DeviceID = device
		}
		winner := f.oneWinner(race(func(i int) (err error) {
			standing[i], err = f.store.ClaimDevice(f.Context(), claims[i])
			return err
		}))
		for _, s := range standing {
			f.same(s, claims[winner])
		}
		f.wantBinding(claims[winner])
	}},
	{"claims of one key do not race with themselves", func(f fixture) {
		b := newBinding()
		for _, err := range race(func(int) error {
			_, err := f.store.ClaimDevice(f.Context(), b)
			return err
		}) {
			f.must(err)
		}
	}},
	{"a released device id is free", func(f fixture) {
		b := f.claim(newBinding())
		f.must(f.store.ReleaseDevice(f.Context(), b.DeviceID))
		f.must(f.store.ReleaseDevice(f.Context(), b.DeviceID))
		_, err := f.store.Binding(f.Context(), b.DeviceID)
		f.wantCode(err, dps.CodeNotFound)
		next := newBinding()
		next.DeviceID = b.DeviceID
		f.wantBinding(f.claim(next))
	}},
	{"a claim without device id or key is refused", func(f fixture) {
		for field, change := range map[string]func(*dps.DeviceBinding){
			"deviceId":      func(b *dps.DeviceBinding) { b.DeviceID = "" },
			"deviceId: has": func(b *dps.DeviceBinding) { b.DeviceID = strings.Repeat("d", dps.MaxNameLength+1) },
			"recordId":      func(b *dps.DeviceBinding) { b.RecordID = "" },
		} {
			b := newBinding()
			change(&b)
			_, err := f.store.ClaimDevice(f.Context(), b)
			f.wantInvalid(err, field)
			_, err = f.store.Binding(f.Context(), b.DeviceID)
			f.wantCode(err, dps.CodeNotFound)
		}
	}},
}

func newBinding() dps.DeviceBinding {
	return dps.DeviceBinding{DeviceID: dps.NewUUID(), RecordID: dps.NewUUID(), Owner: newOwner(), GroupID: dps.NewUUID(), Created: start}
}

func (f fixture) claim(b dps.DeviceBinding) dps.DeviceBinding {
	f.Helper()
	_, err := f.store.ClaimDevice(f.Context(), b)
	f.must(err)
	return b
}

func (f fixture) wantBinding(want dps.DeviceBinding) {
	f.Helper()
	got, err := f.store.Binding(f.Context(), want.DeviceID)
	f.must(err)
	f.same(got, want)
}
