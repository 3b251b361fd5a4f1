package conformance

import (
	"strconv"
	"strings"

	"dps/shared/dps"
)

var hubTests = []test{
	{"a put hub is read back with version 1", func(f fixture) {
		h := f.hub()
		stored := f.putHub(h)
		h.Version = 1
		f.same(stored, h)
		f.wantHub(h)
	}},
	{"an unknown hub is not found", func(f fixture) {
		_, err := f.store.Hub(f.Context(), dps.NewUUID())
		f.wantCode(err, dps.CodeNotFound)
	}},
	{"versions that are not the stored one conflict", func(f fixture) {
		h := f.putHub(f.putHub(f.hub()))
		for _, version := range []uint64{0, 1, 3} {
			stale := h
			stale.Version, stale.Name = version, "stale"
			_, err := f.store.PutHub(f.Context(), stale)
			f.wantCode(err, dps.CodeConflict)
		}
		f.wantHub(h)
		missing := f.hub()
		missing.Version = 1
		_, err := f.store.PutHub(f.Context(), missing)
		f.wantCode(err, dps.CodeConflict)
	}},
	{"of concurrent writers of one version one wins", func(f fixture) {
		h := f.putHub(f.hub())
		winner := f.oneWinner(race(func(i int) error {
			mine := h
			mine.Name = strconv.Itoa(i)
			_, err := f.store.PutHub(f.Context(), mine)
			return err
		}))
		h.Name, h.Version = strconv.Itoa(winner), 2
		f.wantHub(h)
	}},
	{"a deleted hub is gone, and can be made again", func(f fixture) {
		h := f.putHub(f.hub())
		f.must(f.store.DeleteHub(f.Context(), h.ID))
		f.must(f.store.DeleteHub(f.Context(), h.ID))
		_, err := f.store.Hub(f.Context(), h.ID)
		f.wantCode(err, dps.CodeNotFound)
		h.Version = 0
		f.putHub(h)
	}},
	{"an invalid hub is refused and not stored", func(f fixture) {
		const inline = "data:;base64,aHVzaA=="
		for field, change := range map[string]func(*dps.Hub){
			"id":                          func(h *dps.Hub) { h.ID = "a\x00b" },
			"hubId":                       func(h *dps.Hub) { h.HubID = dps.NilUUID },
			"owner":                       func(h *dps.Hub) { h.Owner = strings.Repeat("o", dps.MaxNameLength+1) },
			"owner:":                      func(h *dps.Hub) { h.Owner = "\x00" },
			"gateways":                    func(h *dps.Hub) { h.Gateways = nil },
			"clientSecret":                func(h *dps.Hub) { h.Authorization.Provider.ClientSecret = inline },
			"provider.http.tls.key":       func(h *dps.Hub) { h.Authorization.Provider.HTTP.TLS.Key = inline },
			"certificateAuthority.grpc.t": func(h *dps.Hub) { h.CertificateAuthority.TLS.Key = inline },
		} {
			h := f.hub()
			change(&h)
			_, err := f.store.PutHub(f.Context(), h)
			f.wantInvalid(err, field)
			_, err = f.store.Hub(f.Context(), h.ID)
			f.wantCode(err, dps.CodeNotFound)
		}
	}},
}

func (f fixture) wantHub(want dps.Hub) {
	f.Helper()
	got, err := f.store.Hub(f.Context(), want.ID)
	f.must(err)
	f.same(got, want)
}
