package attestation

import (
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"fmt"
	"sync"
	"testing"
	"time"

	"dps/shared/dps"
	"dps/shared/pki"
)

func TestTrunkIsSharedByDevices(t *testing.T) {
	h := newHouse(t)
	g := group(t, "g", chainOf(h.root))
	for range 3 {
		v, r := judge(today(), chainOf(newLeaf(t, h.sub, "device"), h.sub, h.ca), []*Group{g})
		wantGroup(t, "g", 3, 4, v, r)
	}
	if n := g.trunks.Len(); n != 1 {
		t.Fatalf("%d trunks remembered for one authority", n)
	}
	// The remembered trunk is used: with an anchor that no longer verifies anything, only memory can find the path.
	g.anchors, g.intermediates = x509.NewCertPool(), x509.NewCertPool()
	v, r := judge(today(), chainOf(newLeaf(t, h.sub, "device"), h.sub, h.ca), []*Group{g})
	wantGroup(t, "g", 3, 4, v, r)
}

// What the trunk remembers must never let in what path building would refuse.
func TestTrunkProvesNothingAboutTheLeaf(t *testing.T) {
	h, stranger := newHouse(t), newHouse(t)
	g := group(t, "g", chainOf(h.ca, h.root))
	v, r := decide(t, today(), chainOf(newLeaf(t, h.ca, "device"), h.ca), g)
	wantGroup(t, "g", 1, 3, v, r)
	keyID := func(c *x509.Certificate) { c.AuthorityKeyId = h.ca.Certificate.SubjectKeyId }
	unknown := func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 55555, 2}, Critical: true, Value: []byte{5, 0}}}
	}
	// A leaf that says what its issuers must be: explicit policy, none named.
	policy := func(c *x509.Certificate) {
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 36}, Critical: true, Value: []byte{0x30, 3, 0x80, 1, 0}}}
	}
	tests := []struct {
		name string
		leaf *pki.Pair
		rule Rule
	}{
		{"stranger's", newLeaf(t, stranger.ca, "device", keyID), RuleUntrustedPath},
		{"critical extension", newLeaf(t, h.ca, "device", unknown), RuleCriticalExtension},
		{"server only", newLeaf(t, h.ca, "device", pki.EKU(x509.ExtKeyUsageServerAuth)), RuleEKU},
		{"expired", newLeaf(t, h.ca, "device", expired()), RuleExpiredLeaf},
		{"explicit policy", newLeaf(t, h.ca, "device", policy), RulePolicy},
		{"SHA-1", newLeaf(t, h.ca, "device", func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }), RuleSignatureTooWeak},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, r := decide(t, today(), chainOf(tt.leaf, h.ca), g)
			wantRule(t, tt.rule, v, r)
		})
	}
}

func TestTrunkForgetsWithTime(t *testing.T) {
	root := newRoot(t, "root")
	brief := under(t, root, "ca", pki.Validity(today().Add(-year), today().Add(time.Hour)))
	later := crossSign(t, root, "ca", brief.Key, pki.Validity(today().Add(2*time.Hour), today().Add(year)))
	device := newLeaf(t, brief, "device")
	chain := chainOf(device, brief, later)
	g := group(t, "g", chainOf(root))
	for _, tt := range []struct {
		after time.Duration
		rule  Rule
	}{
		{0, ""}, {time.Hour, ""}, {time.Hour + time.Second, RuleExpiredAuthority}, {2 * time.Hour, ""}, {0, ""},
		{-2 * year, RuleNotYetValidAuthority}, {3 * time.Hour, ""}, {time.Hour + time.Second, RuleExpiredAuthority},
	} {
		v, r := judge(today().Add(tt.after), chain, []*Group{g})
		if tt.rule == "" {
			wantGroup(t, "g", 2, 3, v, r)
		} else if r == nil {
			t.Errorf("after %s: accepted, want %s", tt.after, tt.rule)
		}
	}
}

func TestTrunkIsNotSharedWhereTheLeafMatters(t *testing.T) {
	root := newRoot(t, "root")
	ca := under(t, root, "ca")
	constrained := under(t, root, "constrained", func(c *x509.Certificate) {
		c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"example.com"}
	})
	namesake := under(t, root, "ca")
	tests := []struct {
		name  string
		chain []*x509.Certificate
		group *Group
	}{
		{"name constraints presented", chainOf(newLeaf(t, constrained, "device"), constrained), group(t, "g", chainOf(root))},
		{"name constraints in the group", chainOf(newLeaf(t, ca, "device"), ca), group(t, "g", chainOf(constrained, root))},
		{"two keys of one name", chainOf(newLeaf(t, ca, "device"), ca, namesake), group(t, "g", chainOf(root))},
		{"leaf named as an authority", chainOf(newLeaf(t, ca, "root"), ca), group(t, "g", chainOf(root))},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.group.isShareable(tt.chain[0], tt.chain[1:]) {
				t.Error("is shareable")
			}
		})
	}
	if g := group(t, "g", chainOf(root)); !g.isShareable(newLeaf(t, ca, "device").Certificate, chainOf(ca)) {
		t.Error("the plain case is not shareable")
	}
}

func TestTrunksAreBounded(t *testing.T) {
	root := newRoot(t, "root")
	ca := under(t, root, "ca")
	device := newLeaf(t, ca, "device")
	g := group(t, "g", chainOf(root))
	for range 2 * maxTrunks {
		v, r := judge(today(), chainOf(device, ca, newRoot(t, "ballast")), []*Group{g})
		wantGroup(t, "g", 2, 3, v, r)
	}
	nobody := newRoot(t, "root")
	if _, r := judge(today(), chainOf(newLeaf(t, nobody, "device"), nobody), []*Group{g}); r == nil {
		t.Fatal("a stranger is accepted")
	}
	if n := g.trunks.Len(); n > maxTrunks {
		t.Errorf("%d trunks are remembered, at most %d may be", n, maxTrunks)
	}
}

func TestJudgeConcurrently(t *testing.T) {
	h, stranger := newHouse(t), newHouse(t)
	groups := []*Group{
		group(t, "root", chainOf(h.root), crls(newCRL(t, h.ca))),
		group(t, "ca", chainOf(h.ca, h.root), crls(newCRL(t, h.ca))),
	}
	good := chainOf(newLeaf(t, h.ca, "device"), h.ca)
	bad := chainOf(newLeaf(t, stranger.ca, "device"), h.ca)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				if v, err := Judge(today(), good, groups); err != nil || v.Group.GroupID != "ca" {
					t.Errorf("good chain: %v", err)
				}
				if _, err := Judge(today(), bad, groups); err == nil {
					t.Error("bad chain is accepted")
				}
			}
		})
	}
	all.Wait()
}

// Leaf, one intermediate, root: what a device presents, and what the group knows.
func BenchmarkJudge(b *testing.B) {
	h := newHouse(b)
	shared := group(b, "g", chainOf(h.ca, h.root))
	plain := *shared
	plain.unconstrained = false
	chain := chainOf(newLeaf(b, h.ca, "device"), h.ca)
	stranger := newHouse(b)
	for _, bb := range []struct {
		name  string
		chain []*x509.Certificate
		group *Group
	}{
		{"known authorities", chain, shared},
		{"without shortcut", chain, &plain},
		{"stranger of the same names", chainOf(newLeaf(b, stranger.ca, "device"), stranger.ca), shared},
		{"stranger", chainOf(newLeaf(b, newRoot(b, "nobody"), "device")), shared},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_, _ = Judge(today(), bb.chain, []*Group{bb.group})
			}
		})
	}
	b.Run("the signature check alone", func(b *testing.B) {
		for b.Loop() {
			if err := chain[0].CheckSignatureFrom(chain[1]); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// The worst a stranger can do to path building: names that all fit, dear signatures.
func BenchmarkJudgeLookAlikes(b *testing.B) {
	const name = "look-alike"
	var known, keys []*pki.Pair
	for range dps.MaxGroupCertificates {
		known = append(known, rootOf(b, name, ecKey(b, elliptic.P521())))
	}
	for range 4 {
		keys = append(keys, rootOf(b, name, ecKey(b, elliptic.P521())))
	}
	chain := chainOf(newLeaf(b, keys[0], "device"))
	for i := range 4 {
		chain = append(chain, crossSign(b, keys[(i+1)%4], name, keys[i].Key).Certificate)
	}
	for _, n := range []int{1, dps.MaxGroupCertificates} {
		g := group(b, "g", chainOf(known[:n]...))
		b.Run(fmt.Sprintf("%d known", n), func(b *testing.B) {
			for b.Loop() {
				if _, err := Judge(today(), chain, []*Group{g}); err == nil {
					b.Fatal("accepted")
				}
			}
		})
	}
}
