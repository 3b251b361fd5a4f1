package conformance

import (
	"dps/shared/dps"
	"dps/shared/pki"
)

// The lead certificate decides to whom a device belongs, so that it is one group's alone.
var leadTests = []test{
	{"two groups may not share a lead certificate", func(f fixture) {
		ca := f.named()
		first := f.putGroup(f.group(ca))
		f.wantLeadConflict(f.group(ca))
		f.wantFound(ca, first)
	}},
	{"nor another certificate of the same authority", func(f fixture) {
		ca := f.named()
		f.putGroup(f.group(ca))
		f.wantLeadConflict(f.group(f.reissue(ca)))
	}},
	{"the same name with another key is another authority", func(f fixture) {
		one := f.named()
		two := f.authority(one.Certificate.Subject.CommonName)
		a, b := f.putGroup(f.group(one)), f.putGroup(f.group(two))
		f.wantFound(one, a, b)
	}},
	{"certificates that are no lead may be shared", func(f fixture) {
		root := f.named()
		a, b := f.putGroup(f.group(f.under(root), root)), f.putGroup(f.group(f.under(root), root))
		f.wantFound(root, a, b)
		f.putGroup(f.group(root))
	}},
	{"an update may not take another group's lead certificate", func(f fixture) {
		one, two := f.named(), f.named()
		taken, mine := f.putGroup(f.group(one)), f.putGroup(f.group(two))
		greedy := mine
		greedy.X509.CertificateChain += taken.X509.CertificateChain
		greedy.X509.LeadCertificateName = one.Certificate.Subject.CommonName
		before := f.generation()
		_, err := f.store.PutGroup(f.Context(), greedy)
		f.wantCode(err, dps.CodeConflict)
		f.wantGroup(mine)
		f.wantFound(one, taken)
		f.wantFound(two, mine)
		if f.generation() != before {
			f.Error("a refused update raised the generation")
		}
		f.wantLeadConflict(f.group(two)) // still held by mine
	}},
	{"an update keeps the lead certificate for the group", func(f fixture) {
		ca := f.named()
		g := f.putGroup(f.group(ca))
		g.X509.CertificateChain = string(f.reissue(ca).CertificatePEM())
		g = f.putGroup(g)
		f.wantLeadConflict(f.group(ca))
		f.wantFound(ca, g)
	}},
	{"an update frees the lead certificate it gives up", func(f fixture) {
		one, two := f.named(), f.named()
		g := f.putGroup(f.group(one, two))
		g.X509.LeadCertificateName = two.Certificate.Subject.CommonName
		g = f.putGroup(g)
		next := f.putGroup(f.group(one))
		f.wantFound(one, g, next)
		f.wantLeadConflict(f.group(two))
	}},
	{"a deleted group frees its lead certificate", func(f fixture) {
		ca := f.named()
		f.must(f.store.DeleteGroup(f.Context(), f.putGroup(f.group(ca)).ID))
		f.wantFound(ca, f.putGroup(f.group(ca)))
	}},
	{"a group that waits for proof takes nothing and finds nobody", func(f fixture) {
		ca := f.named()
		pending := f.group(ca)
		pending.Challenge = "prove it"
		pending = f.putGroup(pending)
		f.wantFound(ca)
		other := f.group(ca)
		other.Challenge = "prove it too"
		other = f.putGroup(other)
		other.Challenge = ""
		other = f.putGroup(other)
		f.wantFound(ca, other)
		late := pending
		late.Challenge = ""
		_, err := f.store.PutGroup(f.Context(), late)
		f.wantCode(err, dps.CodeConflict)
		f.wantGroup(pending)
		f.must(f.store.DeleteGroup(f.Context(), pending.ID)) // which frees nothing that is another's
		f.wantFound(ca, other)
		f.wantLeadConflict(f.group(ca))
	}},
	{"a group that waits for proof again gives up what it had", func(f fixture) {
		ca := f.named()
		g := f.putGroup(f.group(ca))
		g.Challenge = "prove it"
		g = f.putGroup(g)
		f.wantFound(ca)
		next := f.putGroup(f.group(ca))
		f.wantFound(ca, next)
		f.must(f.store.DeleteGroup(f.Context(), g.ID))
		f.wantFound(ca, next)
	}},
	{"of concurrent groups with one lead certificate one wins", func(f fixture) {
		ca := f.named()
		var groups [writers]dps.EnrollmentGroup
		for i := range groups {
			groups[i] = f.group(ca)
		}
		winner := groups[f.oneWinner(race(func(i int) error {
			_, err := f.store.PutGroup(f.Context(), groups[i])
			return err
		}))]
		winner.Version = 1
		f.wantFound(ca, winner)
	}},
}

// reissue gives another certificate of the same authority: same name, same key, another issuer.
func (f fixture) reissue(ca *pki.Pair) *pki.Pair {
	f.Helper()
	again, err := f.authority("another root").CrossSign(ca.Certificate.Subject.CommonName, ca.Key)
	f.must(err)
	if dps.CAIdentity(again.Certificate) != dps.CAIdentity(ca.Certificate) || again.Certificate.Equal(ca.Certificate) {
		f.Fatal("not another certificate of the same authority")
	}
	return again
}

// under gives a new authority below root.
func (f fixture) under(root *pki.Pair) *pki.Pair {
	f.Helper()
	ca, err := root.NewIntermediate("intermediate " + dps.NewUUID())
	f.must(err)
	return ca
}

func (f fixture) wantLeadConflict(g dps.EnrollmentGroup) {
	f.Helper()
	_, err := f.store.PutGroup(f.Context(), g)
	f.wantCode(err, dps.CodeConflict)
	_, err = f.store.Group(f.Context(), g.ID)
	f.wantCode(err, dps.CodeNotFound)
}
