package attestation

import (
	"crypto/x509"
	"slices"
	"testing"

	"dps/shared/contract"
	"dps/shared/dps"
)

func TestLeafMostLeadWins(t *testing.T) {
	h := newHouse(t)
	byRoot := group(t, "a-root", chainOf(h.root))
	byCA := group(t, "b-ca", chainOf(h.ca, h.root))
	bySub := group(t, "c-sub", chainOf(h.sub))
	tests := []struct {
		name         string
		chain        []*x509.Certificate
		want         string
		lead, length int
	}{
		{"under sub", chainOf(newLeaf(t, h.sub, "device"), h.sub, h.ca), "c-sub", 1, 2},
		{"under ca", chainOf(newLeaf(t, h.ca, "device"), h.ca), "b-ca", 1, 3},
		{"under the other", chainOf(newLeaf(t, h.other, "device"), h.other), "a-root", 2, 3},
		{"under the root", chainOf(newLeaf(t, h.root, "device")), "a-root", 1, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, r := decide(t, today(), tt.chain, byRoot, byCA, bySub) // decide tries the reverse, too
			wantGroup(t, tt.want, tt.lead, tt.length, v, r)
		})
	}
}

// The device belongs to the group of its leaf-most lead. Where that one refuses it, a broader group, which may be another
// owner's, must not get it.
func TestRefusalOfTheLeafMostGroupIsFinal(t *testing.T) {
	h := newHouse(t)
	device := newLeaf(t, h.ca, "device")
	stale := newLeaf(t, h.ca, "stale", expired())
	list := dps.MatchList{CommonNames: []string{"device"}}
	tests := []struct {
		name string
		leaf *x509.Certificate
		opts []groupOption
		rule Rule
	}{
		{"expired", stale.Certificate, nil, RuleExpiredLeaf},
		{"disabled", device.Certificate, []groupOption{func(c *contract.Candidate) { c.Disabled = true }}, RuleGroupDisabled},
		{"denied", device.Certificate, []groupOption{func(c *contract.Candidate) { c.Deny = list }}, RuleDenied},
		{"not allowed", device.Certificate, []groupOption{func(c *contract.Candidate) { c.Allow = dps.MatchList{Serials: []string{"1"}} }}, RuleNotAllowed},
		{"no revocation list", device.Certificate, []groupOption{func(c *contract.Candidate) { c.CRLsMissing = true }}, RuleCRLUnusable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			broad := group(t, "a", chainOf(h.root), forgiving())
			narrow := group(t, "b", chainOf(h.ca, h.root), tt.opts...)
			v, r := decide(t, today(), []*x509.Certificate{tt.leaf, h.ca.Certificate}, broad, narrow)
			wantRule(t, tt.rule, v, r)
			if !slices.Equal(r.GroupIDs, []string{"b"}) {
				t.Errorf("refusal names %v, want [b]", r.GroupIDs)
			}
			v, r = decide(t, today(), []*x509.Certificate{tt.leaf, h.ca.Certificate}, broad)
			wantGroup(t, "a", 2, 3, v, r)
		})
	}
}

// Two roots signed one authority, and each root leads a group: names and depth leave the owner open.
func TestTiesAreResolvedTheSameWay(t *testing.T) {
	r1, r2 := newRoot(t, "root 1"), newRoot(t, "root 2")
	ca1 := under(t, r1, "ca")
	ca2 := crossSign(t, r2, "ca", ca1.Key)
	device := newLeaf(t, ca1, "device")
	stale := newLeaf(t, ca1, "stale", expired())
	knows1 := group(t, "one", chainOf(r1, ca1))
	knows2 := group(t, "two", chainOf(r2, ca2))
	kind2 := group(t, "two", chainOf(r2, ca2), forgiving())
	for _, tt := range []struct {
		name   string
		chain  []*x509.Certificate
		groups []*Group
		want   string
	}{
		{"nothing presented: smaller id", chainOf(device), []*Group{knows1, knows2}, "one"},
		{"the second presented", chainOf(device, ca2), []*Group{knows1, knows2}, "two"},
		{"both presented: smaller id", chainOf(device, ca1, ca2), []*Group{knows1, knows2}, "one"},
		{"root presented, too", chainOf(device, ca1, ca2, r2), []*Group{knows1, knows2}, "two"},
		{"one forgives", chainOf(stale, ca1), []*Group{knows1, kind2}, "two"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			v, r := decide(t, today(), tt.chain, tt.groups...)
			wantGroup(t, tt.want, 2, 3, v, r)
		})
	}
	v, r := decide(t, today(), chainOf(stale, ca1), knows1, knows2)
	wantRule(t, RuleExpiredLeaf, v, r)
	if len(r.GroupIDs) != 2 {
		t.Errorf("refusal names %v, want both groups", r.GroupIDs)
	}
}

func TestIssuers(t *testing.T) {
	h := newHouse(t)
	device := newLeaf(t, h.sub, "device")
	got := Issuers(chainOf(device, h.sub, h.ca, h.root))
	var names []string
	for _, i := range got {
		names = append(names, i.NameHash)
		if i.KeyID == "" && i.NameHash != dps.NameHash(h.root.Certificate.RawSubject) {
			t.Error("key id is missing")
		}
	}
	if len(names) < 3 || names[0] != dps.NameHash(h.sub.Certificate.RawSubject) || names[1] != dps.NameHash(h.ca.Certificate.RawSubject) || names[2] != dps.NameHash(h.root.Certificate.RawSubject) {
		t.Errorf("issuers %v are not leaf-most first", got)
	}
	if n := len(Issuers(chainOf(device, device, device))); n != 1 {
		t.Errorf("the same issuer comes %d times", n)
	}
	if n := len(Issuers(nil)); n != 0 {
		t.Errorf("nobody's chain has %d issuers", n)
	}
	long := newLeaf(t, newRoot(t, "r"), "device", func(c *x509.Certificate) { c.AuthorityKeyId = make([]byte, 65) })
	long.Certificate.AuthorityKeyId = make([]byte, maxKeyID+1)
	if i := Issuers(chainOf(long)); i[0].KeyID != "" {
		t.Errorf("key id of %d bytes travels", maxKeyID+1)
	}
	if MaxCertificates != contract.MaxIssuers {
		t.Errorf("%d certificates may have more issuers than the %d of the contract", MaxCertificates, contract.MaxIssuers)
	}
}

func TestHasAuthority(t *testing.T) {
	h := newHouse(t)
	g := group(t, "g", chainOf(h.ca, h.root))
	for _, c := range chainOf(h.ca, h.root) {
		if !g.HasAuthority(dps.NameHash(c.RawSubject)) {
			t.Errorf("%s is not found", nameOf(c))
		}
	}
	if g.HasAuthority(dps.NameHash(h.other.Certificate.RawSubject)) {
		t.Error("an authority is found that is not the group's")
	}
}
