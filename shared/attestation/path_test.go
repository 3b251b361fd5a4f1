package attestation

import (
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"net"
	"slices"
	"testing"
	"time"

	"dps/shared/pki"
)

// house is a manufacturer: root, two authorities below it, one below the first.
type house struct {
	root, ca, other, sub *pki.Pair
}

func newHouse(t testing.TB) house {
	h := house{root: newRoot(t, "root")}
	h.ca, h.other = under(t, h.root, "ca"), under(t, h.root, "other ca")
	h.sub = under(t, h.ca, "sub ca")
	return h
}

func TestPathsOfOneGroup(t *testing.T) {
	h := newHouse(t)
	device, below := newLeaf(t, h.ca, "device"), newLeaf(t, h.sub, "device below")
	stranger := newHouse(t) // the same names, other keys
	tests := []struct {
		name         string
		chain        []*x509.Certificate
		group        *Group
		rule         Rule
		lead, length int
	}{
		{"leaf alone, ca known", chainOf(device), group(t, "g", chainOf(h.ca, h.root)), "", 1, 3},
		{"leaf and ca", chainOf(device, h.ca), group(t, "g", chainOf(h.ca, h.root)), "", 1, 3},
		{"root presented too", chainOf(device, h.ca, h.root), group(t, "g", chainOf(h.ca, h.root)), "", 1, 3},
		{"root of a group of the root alone", chainOf(device, h.ca, h.root), group(t, "g", chainOf(h.root)), "", 2, 3},
		{"leaf alone, ca not known", chainOf(device), group(t, "g", chainOf(h.root)), RuleUnknownIssuer, 0, 0},
		{"shuffled", chainOf(below, h.root, h.ca, h.sub), group(t, "g", chainOf(h.root)), "", 3, 4},
		{"unrelated beside it", chainOf(device, stranger.other, h.ca), group(t, "g", chainOf(h.ca, h.root)), "", 1, 3},
		{"duplicates", chainOf(device, h.ca, h.ca, device), group(t, "g", chainOf(h.ca, h.root, h.ca)), "", 1, 3},
		{"anchor is the intermediate", chainOf(device), group(t, "g", chainOf(h.ca)), "", 1, 2},
		{"anchor is the intermediate, it and root presented", chainOf(device, h.ca, h.root), group(t, "g", chainOf(h.ca)), "", 1, 2},
		{"anchor is the upper intermediate", chainOf(below, h.sub), group(t, "g", chainOf(h.ca)), "", 2, 3},
		{"two anchors, neither a root, lower leads", chainOf(below), group(t, "g", chainOf(h.sub, h.ca)), "", 1, 2},
		{"two anchors, neither a root, upper leads", chainOf(below), group(t, "g", chainOf(h.sub, h.ca), lead(1)), "", 2, 3},
		{"where there is a root, the intermediate is no anchor", chainOf(device), group(t, "g", chainOf(h.ca, newRoot(t, "another"))), RuleUntrustedPath, 0, 0},
		{"lead is sub", chainOf(below), group(t, "g", chainOf(h.sub, h.ca, h.root)), "", 1, 4},
		{"lead is ca", chainOf(below), group(t, "g", chainOf(h.sub, h.ca, h.root), lead(1)), "", 2, 4},
		{"lead is root", chainOf(below), group(t, "g", chainOf(h.sub, h.ca, h.root), lead(2)), "", 3, 4},
		{"lead is another branch", chainOf(device, h.ca), group(t, "g", chainOf(h.other, h.root)), RuleUnknownIssuer, 0, 0},
		{"stranger of the same names", chainOf(newLeaf(t, stranger.ca, "device"), stranger.ca, stranger.root), group(t, "g", chainOf(h.ca, h.root)), RuleUntrustedPath, 0, 0},
		{"stranger's leaf, our ca presented", chainOf(newLeaf(t, stranger.ca, "device"), h.ca, h.root), group(t, "g", chainOf(h.ca, h.root)), RuleUntrustedPath, 0, 0},
		{"our leaf, stranger's ca presented, ours known", chainOf(device, stranger.ca, stranger.root), group(t, "g", chainOf(h.ca, h.root)), "", 1, 3},
		{"intermediates swapped for a stranger's", chainOf(device, stranger.ca), group(t, "g", chainOf(h.root)), RuleUntrustedPath, 0, 0},
		{"self-signed under the ca's name", chainOf(newRoot(t, "ca", leafLike)), group(t, "g", chainOf(h.ca, h.root)), RuleUntrustedPath, 0, 0},
		{"self-signed under the root's name", chainOf(newRoot(t, "root", leafLike)), group(t, "g", chainOf(h.root)), RuleUntrustedPath, 0, 0},
		{"stranger", chainOf(newLeaf(t, newRoot(t, "nobody"), "device")), group(t, "g", chainOf(h.root)), RuleUnknownIssuer, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, r := decide(t, today(), tt.chain, tt.group)
			expect2(t, tt.rule, tt.lead, tt.length, v, r)
		})
	}
}

func expect2(t *testing.T, rule Rule, lead, length int, v Verdict, r *Refusal) {
	t.Helper()
	expect(t, rule, lead, length, v, r)
	if r != nil && !slices.Equal(r.GroupIDs, []string{"g"}) {
		t.Errorf("refusal names groups %v, want [g]", r.GroupIDs)
	}
}

// leafLike gives an authority's certificate the usages of a leaf, so that nothing but its path can refuse it.
func leafLike(c *x509.Certificate) {
	c.KeyUsage |= x509.KeyUsageDigitalSignature
	c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
}

func TestSameNameAndKeyIDIsNotEnough(t *testing.T) {
	keyID := func(c *x509.Certificate) { c.SubjectKeyId = []byte{1, 2, 3, 4} }
	ours, theirs := newRoot(t, "root", keyID), newRoot(t, "root", keyID)
	forged := newLeaf(t, theirs, "device")
	if string(forged.Certificate.AuthorityKeyId) != string(ours.Certificate.SubjectKeyId) {
		t.Fatal("the forgery does not name our key id")
	}
	for _, chain := range [][]*x509.Certificate{chainOf(forged), chainOf(forged, ours), chainOf(forged, theirs), chainOf(forged, theirs, ours)} {
		v, r := decide(t, today(), chain, group(t, "g", chainOf(ours)))
		wantRule(t, RuleUntrustedPath, v, r)
	}
	// A misleading key id is no proof against a device either.
	v, r := decide(t, today(), chainOf(newLeaf(t, ours, "device", func(c *x509.Certificate) { c.AuthorityKeyId = []byte{9} })), group(t, "g", chainOf(ours)))
	wantGroup(t, "g", 1, 2, v, r)
}

func TestAuthorityAsLeaf(t *testing.T) {
	root := newRoot(t, "root", leafLike)
	ca := under(t, root, "ca", leafLike)
	tests := []struct {
		name  string
		chain []*x509.Certificate
		group *Group
		rule  Rule
	}{
		{"the root, which leads", chainOf(root), group(t, "g", chainOf(root)), RuleLeadCertificateMissed},
		{"the ca, which leads and is anchor", chainOf(ca), group(t, "g", chainOf(ca)), RuleUnknownIssuer},
		{"the ca, which leads", chainOf(ca, root), group(t, "g", chainOf(ca, root)), RuleUnknownIssuer},
		{"usual key usage", chainOf(newRoot(t, "x")), group(t, "g", chainOf(root)), RuleKeyUsage},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, r := decide(t, today(), tt.chain, tt.group)
			wantRule(t, tt.rule, v, r)
		})
	}
}

func TestLeadIsNameAndKey(t *testing.T) {
	h := newHouse(t)
	device := newLeaf(t, h.ca, "device")
	// The lead certificate was made anew: same name, same key, other certificate. It is the same authority.
	renewed := crossSign(t, h.root, "ca", h.ca.Key)
	v, r := decide(t, today(), chainOf(device, h.ca), group(t, "g", chainOf(renewed, h.root)))
	wantGroup(t, "g", 1, 3, v, r)
	// Same name, another key, both under our root: not the lead.
	namesake := under(t, h.root, "ca")
	v, r = decide(t, today(), chainOf(newLeaf(t, namesake, "device"), namesake), group(t, "g", chainOf(h.ca, h.root)))
	wantRule(t, RuleLeadCertificateMissed, v, r)
}

func TestAuthoritiesMustBeSound(t *testing.T) {
	root := newRoot(t, "root")
	notCA := func(c *x509.Certificate) { c.IsCA = false }
	noBasic := func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = false, false }
	noCertSign := func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCRLSign }
	noKeyUsage := func(c *x509.Certificate) { c.KeyUsage = 0 }
	pathLen := func(n int) pki.Option {
		return func(c *x509.Certificate) { c.MaxPathLen, c.MaxPathLenZero = n, n == 0 }
	}
	critical := func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 55555, 2}, Critical: true, Value: []byte{5, 0}})
	}
	nameless := func(c *x509.Certificate) { c.Subject = pkix.Name{} }
	explicitPolicy := func(c *x509.Certificate) {
		c.ExtraExtensions = append(c.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{2, 5, 29, 36}, Critical: true, Value: []byte{0x30, 3, 0x80, 1, 0}})
	}
	tests := []struct {
		name string
		opts []pki.Option
		rule Rule
	}{
		{"sound", nil, ""},
		{"no key usage", []pki.Option{noKeyUsage}, ""},
		{"CA:false", []pki.Option{notCA}, RuleNotAnAuthority},
		{"no basic constraints", []pki.Option{noBasic}, RuleNotAnAuthority},
		{"no keyCertSign", []pki.Option{noCertSign}, RuleNotAnAuthority},
		{"no name", []pki.Option{nameless}, RuleNotAnAuthority},
		{"expired", []pki.Option{expired()}, RuleExpiredAuthority},
		{"not yet valid", []pki.Option{future()}, RuleNotYetValidAuthority},
		{"path length 0 with nothing below", []pki.Option{pathLen(0)}, ""},
		{"EKU clientAuth", []pki.Option{pki.EKU(x509.ExtKeyUsageClientAuth)}, ""},
		{"EKU any", []pki.Option{pki.EKU(x509.ExtKeyUsageAny)}, ""},
		{"EKU serverAuth alone", []pki.Option{pki.EKU(x509.ExtKeyUsageServerAuth)}, RuleEKU},
		{"EKU unknown alone", []pki.Option{pki.UnknownEKU(pki.OIDIdentity)}, RuleEKU},
		{"unknown critical extension", []pki.Option{critical}, RuleCriticalExtension},
		{"explicit policy, and none named", []pki.Option{explicitPolicy}, RulePolicy},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ca := under(t, root, "ca", tt.opts...)
			v, r := decide(t, today(), chainOf(newLeaf(t, ca, "device"), ca), group(t, "g", chainOf(root)))
			expect(t, tt.rule, 2, 3, v, r)
		})
	}
	t.Run("path length 0 with an authority below", func(t *testing.T) {
		upper := under(t, root, "upper", pathLen(0))
		ca := under(t, upper, "ca")
		v, r := decide(t, today(), chainOf(newLeaf(t, ca, "device"), ca, upper), group(t, "g", chainOf(root)))
		wantRule(t, RulePathTooLong, v, r)
	})
	t.Run("path length 0 of an anchor that is no root", func(t *testing.T) {
		upper := under(t, root, "upper", pathLen(0))
		ca := under(t, upper, "ca")
		v, r := decide(t, today(), chainOf(newLeaf(t, ca, "device"), ca), group(t, "g", chainOf(upper)))
		wantRule(t, RulePathTooLong, v, r)
	})
	t.Run("a device as authority", func(t *testing.T) {
		device := newLeaf(t, root, "device")
		v, r := decide(t, today(), chainOf(newLeaf(t, device, "parasite"), device), group(t, "g", chainOf(root)))
		wantRule(t, RuleNotAnAuthority, v, r)
	})
	t.Run("critical extension in the leaf", func(t *testing.T) {
		v, r := decide(t, today(), chainOf(newLeaf(t, root, "device", critical)), group(t, "g", chainOf(root)))
		wantRule(t, RuleCriticalExtension, v, r)
	})
}

func TestExpiredAnchors(t *testing.T) {
	old := newRoot(t, "old", expired())
	oldCA := under(t, newRoot(t, "x"), "old ca", expired())
	v, r := decide(t, today(), chainOf(newLeaf(t, old, "device")), group(t, "g", chainOf(old), forgiving()))
	wantRule(t, RuleExpiredAuthority, v, r)
	v, r = decide(t, today(), chainOf(newLeaf(t, oldCA, "device")), group(t, "g", chainOf(oldCA), forgiving()))
	wantRule(t, RuleExpiredAuthority, v, r)
}

func TestNameConstraints(t *testing.T) {
	root := newRoot(t, "root")
	constraints := map[string]pki.Option{
		"permitted": func(c *x509.Certificate) {
			c.PermittedDNSDomainsCritical, c.PermittedDNSDomains = true, []string{"example.com"}
		},
		"excluded": func(c *x509.Certificate) {
			c.PermittedDNSDomainsCritical, c.ExcludedDNSDomains = true, []string{"example.org"}
			c.ExcludedIPRanges = []*net.IPNet{{IP: net.IP{10, 0, 0, 0}, Mask: net.CIDRMask(8, 32)}}
		},
	}
	for name, constraint := range constraints {
		ca := under(t, root, "ca "+name, constraint)
		sub := under(t, ca, "sub")
		for _, tt := range []struct {
			host string
			rule Rule
		}{{"device.example.com", ""}, {"device.example.org", RuleNameConstraints}} {
			// Both orders, so that what was remembered of the first leaf would be used for the second if it could be.
			g := group(t, "g", chainOf(root))
			for range 2 {
				v, r := decide(t, today(), chainOf(newLeaf(t, ca, "device", pki.Hosts(tt.host)), ca), g)
				expect(t, tt.rule, 2, 3, v, r)
				v, r = decide(t, today(), chainOf(newLeaf(t, sub, "device", pki.Hosts(tt.host)), sub, ca), g)
				expect(t, tt.rule, 3, 4, v, r)
			}
		}
	}
}

func TestCrossSigned(t *testing.T) {
	old, young := newRoot(t, "old root"), newRoot(t, "new root")
	ca := under(t, old, "ca")
	caByYoung := crossSign(t, young, "ca", ca.Key)
	youngByOld := crossSign(t, old, "new root", young.Key)
	device := newLeaf(t, ca, "device")
	both := group(t, "both", chainOf(ca, caByYoung, old, young))
	tests := []struct {
		name         string
		chain        []*x509.Certificate
		group        *Group
		lead, length int
	}{
		{"old way", chainOf(device, ca), group(t, "g", chainOf(old)), 2, 3},
		{"new way", chainOf(device, caByYoung), group(t, "g", chainOf(young)), 2, 3},
		{"both presented, old known", chainOf(device, caByYoung, ca), group(t, "g", chainOf(old)), 2, 3},
		{"both presented, new known", chainOf(device, ca, caByYoung), group(t, "g", chainOf(young)), 2, 3},
		{"over the new root to the old", chainOf(device, caByYoung, youngByOld), group(t, "g", chainOf(old)), 3, 4},
		{"ca leads whichever way", chainOf(device), group(t, "g", chainOf(caByYoung, old, young, ca)), 1, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, r := decide(t, today(), tt.chain, tt.group)
			wantGroup(t, "g", tt.lead, tt.length, v, r)
		})
	}
	t.Run("the presented way is preferred", func(t *testing.T) {
		for _, c := range []*pki.Pair{ca, caByYoung} {
			v, r := decide(t, today(), chainOf(device, c), both)
			wantGroup(t, "both", 1, 3, v, r)
			if !v.Path[1].Equal(c.Certificate) {
				t.Errorf("path goes over the way that was not presented: %s", show(v))
			}
		}
	})
	t.Run("an expired way does not close the other", func(t *testing.T) {
		stale := crossSign(t, old, "ca", ca.Key, expired())
		v, r := decide(t, today(), chainOf(device, stale, caByYoung), group(t, "g", chainOf(ca, young, old)))
		wantGroup(t, "g", 1, 3, v, r)
	})
}

func TestLoopsEnd(t *testing.T) {
	a, b := newRoot(t, "a"), newRoot(t, "b")
	aByB, bByA := crossSign(t, b, "a", a.Key), crossSign(t, a, "b", b.Key)
	device := newLeaf(t, a, "device")
	v, r := decide(t, today(), chainOf(device, aByB, bByA), group(t, "g", chainOf(newRoot(t, "b"))))
	wantRule(t, RuleUntrustedPath, v, r)
	v, r = decide(t, today(), chainOf(device, aByB, bByA), group(t, "g", chainOf(b)))
	wantGroup(t, "g", 2, 3, v, r)
	// A group whose own chain is a loop has no self-signed root: both are anchors.
	v, r = decide(t, today(), chainOf(device), group(t, "g", chainOf(aByB, bByA)))
	wantGroup(t, "g", 1, 2, v, r)
}

// A stranger who knows the manufacturer's name floods path building with authorities of that name which sign each other,
// against a group that has as many as it may.
func TestLookAlikesAreBounded(t *testing.T) {
	const name = "look-alike"
	var known []*pki.Pair
	for range 10 {
		known = append(known, newRoot(t, name))
	}
	device := newLeaf(t, known[9], "device")
	g := group(t, "g", chainOf(known...), lead(9))
	keys := []*pki.Pair{}
	for range 4 {
		keys = append(keys, rootOf(t, name, ecKey(t, elliptic.P256())))
	}
	mesh := []*pki.Pair{
		crossSign(t, keys[1], name, keys[0].Key), crossSign(t, keys[2], name, keys[1].Key),
		crossSign(t, keys[3], name, keys[2].Key), crossSign(t, keys[0], name, keys[3].Key),
	}
	v, r := decide(t, today(), chainOf(newLeaf(t, keys[0], "device"), mesh[0], mesh[1], mesh[2], mesh[3]), g)
	wantRule(t, RuleUntrustedPath, v, r)
	v, r = decide(t, today(), chainOf(device, mesh[0], mesh[1], mesh[2], mesh[3]), g)
	wantGroup(t, "g", 1, 2, v, r)
}

func TestTimeIsTheCallers(t *testing.T) {
	root := newRoot(t, "root")
	device := newLeaf(t, root, "device")
	c := root.Certificate
	tests := []struct {
		name string
		now  time.Time
		rule Rule
	}{
		{"first second", c.NotBefore, ""},
		{"before", c.NotBefore.Add(-time.Second), RuleNotYetValidAuthority},
		{"last second", c.NotAfter, ""},
		{"after", c.NotAfter.Add(time.Second), RuleExpiredAuthority},
		{"the zero time is a time", time.Time{}, RuleNotYetValidAuthority},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, r := decide(t, tt.now, chainOf(device), group(t, "g", chainOf(root)))
			expect(t, tt.rule, 1, 2, v, r)
		})
	}
}
