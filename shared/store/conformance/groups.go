package conformance

import (
	"strconv"
	"strings"

	"dps/shared/dps"
)

var groupTests = []test{
	{"a put group is read back with version 1", func(f fixture) {
		g := f.group()
		g.X509.Deny = dps.MatchList{Serials: []string{"0a"}}
		g.X509.CRLs = []dps.CRLEntry{{Inline: []byte{0, 255}}, {URL: "http://crl"}}
		stored := f.putGroup(g)
		g.Version = 1
		f.same(stored, g)
		f.wantGroup(g)
	}},
	{"an unknown group is not found", func(f fixture) {
		for _, id := range []string{dps.NewUUID(), "", "a\x00b", strings.Repeat("x", 1<<16)} {
			_, err := f.store.Group(f.Context(), id)
			f.wantCode(err, dps.CodeNotFound)
		}
	}},
	{"each write raises the version", func(f fixture) {
		g := f.putGroup(f.group())
		for want := uint64(2); want < 5; want++ {
			g.Name = strconv.FormatUint(want, 10)
			if g = f.putGroup(g); g.Version != want {
				f.Errorf("version %d, want %d", g.Version, want)
			}
		}
		f.wantGroup(g)
	}},
	{"a version that is not the stored one conflicts", func(f fixture) {
		g := f.putGroup(f.putGroup(f.group()))
		for _, version := range []uint64{0, 1, 3, 1 << 60} {
			stale := g
			stale.Version, stale.Name = version, "stale"
			_, err := f.store.PutGroup(f.Context(), stale)
			f.wantCode(err, dps.CodeConflict)
		}
		f.wantGroup(g)
	}},
	{"a version of a group that is not there conflicts", func(f fixture) {
		g := f.group()
		g.Version = 1
		_, err := f.store.PutGroup(f.Context(), g)
		f.wantCode(err, dps.CodeConflict)
		_, err = f.store.Group(f.Context(), g.ID)
		f.wantCode(err, dps.CodeNotFound)
	}},
	{"of concurrent writers of one version one wins", func(f fixture) {
		g := f.putGroup(f.group())
		winner := f.oneWinner(race(func(i int) error {
			mine := g
			mine.Name = strconv.Itoa(i)
			_, err := f.store.PutGroup(f.Context(), mine)
			return err
		}))
		g.Name, g.Version = strconv.Itoa(winner), 2
		f.wantGroup(g)
	}},
	{"a deleted group is gone, and deleting again is no error", func(f fixture) {
		g := f.putGroup(f.group())
		f.must(f.store.DeleteGroup(f.Context(), g.ID))
		_, err := f.store.Group(f.Context(), g.ID)
		f.wantCode(err, dps.CodeNotFound)
		f.must(f.store.DeleteGroup(f.Context(), g.ID))
		f.must(f.store.DeleteGroup(f.Context(), dps.NewUUID()))
	}},
	{"a deleted group can be made again, from version 0", func(f fixture) {
		g := f.putGroup(f.putGroup(f.group()))
		f.must(f.store.DeleteGroup(f.Context(), g.ID))
		_, err := f.store.PutGroup(f.Context(), g)
		f.wantCode(err, dps.CodeConflict)
		g.Version = 0
		if g = f.putGroup(g); g.Version != 1 {
			f.Errorf("version %d, want 1", g.Version)
		}
	}},
	{"an invalid group is refused and not stored", func(f fixture) {
		for field, change := range map[string]func(*dps.EnrollmentGroup){
			"id":                   func(g *dps.EnrollmentGroup) { g.ID = "x" },
			"owner":                func(g *dps.EnrollmentGroup) { g.Owner = "" },
			"owner: ":              func(g *dps.EnrollmentGroup) { g.Owner = "a\x00b" },
			"owner: must have":     func(g *dps.EnrollmentGroup) { g.Owner = strings.Repeat("o", dps.MaxNameLength+1) },
			"hubIds":               func(g *dps.EnrollmentGroup) { g.HubIDs = nil },
			"certificateChain":     func(g *dps.EnrollmentGroup) { g.X509.CertificateChain = "" },
			"leadCertificateName":  func(g *dps.EnrollmentGroup) { g.X509.LeadCertificateName = "nobody" },
			"preSharedKey: is the": func(g *dps.EnrollmentGroup) { g.PreSharedKey = "data:;base64,aHVzaA==" },
		} {
			g := f.group()
			change(&g)
			_, err := f.store.PutGroup(f.Context(), g)
			f.wantInvalid(err, field)
			_, err = f.store.Group(f.Context(), g.ID)
			f.wantCode(err, dps.CodeNotFound)
		}
	}},
}

func (f fixture) wantGroup(want dps.EnrollmentGroup) {
	f.Helper()
	got, err := f.store.Group(f.Context(), want.ID)
	f.must(err)
	f.same(got, want)
}

// wantInvalid checks that a refusal names the field, and repeats no secret.
func (f fixture) wantInvalid(err error, field string) {
	f.Helper()
	f.wantCode(err, dps.CodeInvalid)
	if err != nil && (!strings.Contains(err.Error(), field) || strings.Contains(err.Error(), "aHVzaA")) {
		f.Errorf("error %q, want one that names %s", err, field)
	}
}
