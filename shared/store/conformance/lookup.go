package conformance

import (
	"cmp"
	"slices"
	"strings"

	"dps/shared/dps"
	"dps/shared/pki"
)

var lookupTests = []test{
	{"a group is found by any certificate of its chain, alone", func(f fixture) {
		// The names are new, as a shared store may hold groups of authorities called the same.
		chain := []*pki.Pair{f.named(), f.named(), f.named()}
		g := f.putGroup(f.group(chain...))
		for _, ca := range chain {
			f.wantFound(ca, g)
		}
		f.wantFound(f.named())
	}},
	{"all groups of a name are found, ordered by id", func(f fixture) {
		root := f.named()
		var groups []dps.EnrollmentGroup
		for range 7 {
			groups = append(groups, f.putGroup(f.group(f.named(), root)))
		}
		f.wantFound(root, groups...)
	}},
	{"a chain that names an authority twice gives its group once", func(f fixture) {
		ca := f.named()
		f.wantFound(ca, f.putGroup(f.group(ca, f.reissue(ca))))
	}},
	{"an update moves the group from its old authorities to the new", func(f fixture) {
		old, kept, fresh := f.named(), f.named(), f.named()
		g := f.putGroup(f.group(old, kept))
		g.X509.CertificateChain = string(kept.CertificatePEM()) + string(fresh.CertificatePEM())
		g = f.putGroup(g)
		f.wantFound(old)
		f.wantFound(kept, g)
		f.wantFound(fresh, g)
	}},
	{"a deleted group is found no more", func(f fixture) {
		one, two := f.named(), f.named()
		gone, stays := f.putGroup(f.group(one, two)), f.putGroup(f.group(two))
		f.must(f.store.DeleteGroup(f.Context(), gone.ID))
		f.wantFound(one)
		f.wantFound(two, stays)
	}},
	{"a hash of nothing finds nothing", func(f fixture) {
		ca := f.named()
		f.putGroup(f.group(ca))
		hash := dps.NameHash(ca.Certificate.RawSubject)
		for _, h := range []string{"", "x", hash[:63], hash + "0", hash + "\x00", strings.ToUpper(hash) + " "} {
			groups, err := f.store.GroupsByCA(f.Context(), h)
			f.must(err)
			if len(groups) != 0 {
				f.Errorf("hash %q finds %d groups", h, len(groups))
			}
		}
	}},
}

// named makes an authority whose name nobody else has.
func (f fixture) named() *pki.Pair {
	f.Helper()
	return f.authority("authority " + dps.NewUUID())
}

// wantFound checks that the authority's name finds the groups that have it in their chain.
func (f fixture) wantFound(ca *pki.Pair, want ...dps.EnrollmentGroup) {
	f.Helper()
	got, err := f.store.GroupsByCA(f.Context(), dps.NameHash(ca.Certificate.RawSubject))
	f.must(err)
	slices.SortFunc(want, func(a, b dps.EnrollmentGroup) int { return cmp.Compare(a.ID, b.ID) })
	if len(got)+len(want) > 0 {
		f.same(got, want)
	}
}
