package attestation

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"testing"
	"time"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/pki"
)

func TestLeafValidity(t *testing.T) {
	root := newRoot(t, "root")
	ca, staleCA := under(t, root, "ca"), under(t, root, "stale ca", expired())
	tests := []struct {
		name   string
		ca     *pki.Pair
		period pki.Option
		strict Rule
		kind   Rule
	}{
		{"valid", ca, current(), "", ""},
		{"expired", ca, expired(), RuleExpiredLeaf, ""},
		{"not yet valid", ca, future(), RuleNotYetValidLeaf, ""},
		{"expired before its authority was made", ca, pki.Validity(today().Add(-20*year), today().Add(-19*year)), RuleExpiredLeaf, ""},
		{"last second", ca, pki.Validity(today().Add(-year), today()), "", ""},
		{"first second", ca, pki.Validity(today(), today().Add(year)), "", ""},
		{"valid under an expired authority", staleCA, current(), RuleExpiredAuthority, RuleExpiredAuthority},
		{"expired under an expired authority", staleCA, expired(), RuleExpiredAuthority, RuleExpiredAuthority},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			chain := chainOf(newLeaf(t, tt.ca, "device", tt.period), tt.ca)
			v, r := decide(t, today(), chain, group(t, "g", chainOf(root)))
			expect(t, tt.strict, 2, 3, v, r)
			v, r = decide(t, today(), chain, group(t, "g", chainOf(root), forgiving()))
			expect(t, tt.kind, 2, 3, v, r)
		})
	}
}

// Forgiving judges a copy of the leaf with another validity period. Whoever changes the period in the certificate itself
// breaks its signature all the same.
func TestForgivingStillChecksTheSignature(t *testing.T) {
	root := newRoot(t, "root")
	leaf := newLeaf(t, root, "device", expired()).Certificate
	from, to := leaf.NotAfter.Format("060102150405Z"), today().Add(year).Format("060102150405Z")
	der := bytes.Replace(leaf.Raw, []byte(from), []byte(to), 1)
	forged := must[*x509.Certificate](t)(x509.ParseCertificate(der))
	if !forged.NotAfter.After(today()) {
		t.Fatal("the forgery is still expired")
	}
	for _, opts := range [][]groupOption{nil, {forgiving()}} {
		g := group(t, "g", chainOf(root), opts...)
		v, r := decide(t, today(), []*x509.Certificate{forged}, g)
		wantRule(t, RuleUntrustedPath, v, r)
	}
	if c := timeless(today(), leaf); &c.Raw[0] != &leaf.Raw[0] || &c.RawTBSCertificate[0] != &leaf.RawTBSCertificate[0] || leaf.NotAfter.Equal(today()) {
		t.Error("the copy does not share the signed bytes, or changed the original")
	}
}

func TestExtendedKeyUsage(t *testing.T) {
	root := newRoot(t, "root")
	empty := func(c *x509.Certificate) {
		c.ExtKeyUsage = nil
		c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Value: []byte{0x30, 0}}}
	}
	tests := []struct {
		name             string
		opt              pki.Option
		usual, demanding Rule
	}{
		{"none", pki.EKU(), "", RuleEKU},
		{"clientAuth", pki.EKU(x509.ExtKeyUsageClientAuth), "", ""},
		{"clientAuth and serverAuth", pki.EKU(x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth), "", ""},
		{"serverAuth", pki.EKU(x509.ExtKeyUsageServerAuth), RuleEKU, RuleEKU},
		{"any", pki.EKU(x509.ExtKeyUsageAny), "", RuleEKU},
		{"unknown", func(c *x509.Certificate) { pki.EKU()(c); pki.UnknownEKU(pki.OIDIdentity)(c) }, RuleEKU, RuleEKU},
		{"unknown and clientAuth", func(c *x509.Certificate) {
			pki.EKU(x509.ExtKeyUsageClientAuth)(c)
			pki.UnknownEKU(pki.OIDIdentity)(c)
		}, "", ""},
		{"an empty list", empty, RuleEKU, RuleEKU},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			chain := chainOf(newLeaf(t, root, "device", tt.opt))
			v, r := decide(t, today(), chain, group(t, "g", chainOf(root)))
			expect(t, tt.usual, 1, 2, v, r)
			v, r = decide(t, today(), chain, group(t, "g", chainOf(root), wantEKU()))
			expect(t, tt.demanding, 1, 2, v, r)
		})
	}
}

func TestKeyUsage(t *testing.T) {
	root := newRoot(t, "root")
	for usage, rule := range map[x509.KeyUsage]Rule{
		0:                             "",
		x509.KeyUsageDigitalSignature: "",
		x509.KeyUsageDigitalSignature | x509.KeyUsageKeyAgreement: "",
		x509.KeyUsageKeyAgreement:                                 RuleKeyUsage,
		x509.KeyUsageCertSign:                                     RuleKeyUsage,
	} {
		device := newLeaf(t, root, "device", func(c *x509.Certificate) { c.KeyUsage = usage })
		v, r := decide(t, today(), chainOf(device), group(t, "g", chainOf(root)))
		expect(t, rule, 1, 2, v, r)
	}
}

func TestAllowAndDeny(t *testing.T) {
	root := newRoot(t, "root")
	device := newLeaf(t, root, "device")
	name := dps.MatchList{CommonNames: []string{"device"}}
	serial := dps.MatchList{Serials: []string{device.Certificate.SerialNumber.Text(16)}}
	key := dps.MatchList{KeyIDs: []string{dps.RecordID(device.Certificate.RawSubjectPublicKeyInfo)}}
	nobody := dps.MatchList{CommonNames: []string{"Device", "device "}, Serials: []string{"0"}, KeyIDs: []string{dps.NilUUID}}
	tests := []struct {
		name        string
		allow, deny dps.MatchList
		rule        Rule
	}{
		{"neither", dps.MatchList{}, dps.MatchList{}, ""},
		{"allowed by name", name, dps.MatchList{}, ""},
		{"allowed by serial", serial, dps.MatchList{}, ""},
		{"allowed by key", key, dps.MatchList{}, ""},
		{"others allowed", nobody, dps.MatchList{}, RuleNotAllowed},
		{"denied by name", dps.MatchList{}, name, RuleDenied},
		{"denied by serial", dps.MatchList{}, serial, RuleDenied},
		{"denied by key", dps.MatchList{}, key, RuleDenied},
		{"others denied", dps.MatchList{}, nobody, ""},
		{"deny wins", name, key, RuleDenied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := group(t, "g", chainOf(root), func(c *contract.Candidate) { c.Allow, c.Deny = tt.allow, tt.deny })
			v, r := decide(t, today(), chainOf(device), g)
			expect(t, tt.rule, 1, 2, v, r)
		})
	}
}

func TestValidUntil(t *testing.T) {
	until := func(d time.Duration) pki.Option { return pki.Validity(today().Add(-year), today().Add(d)) }
	root := newRoot(t, "root", until(3*time.Hour))
	ca := under(t, root, "ca", until(2*time.Hour))
	brief, long := newLeaf(t, ca, "brief", until(time.Hour)), newLeaf(t, ca, "long", until(4*time.Hour))
	stale := newLeaf(t, ca, "stale", expired())
	list := newCRL(t, ca, crlPeriod(today().Add(-time.Hour), today().Add(30*time.Minute)))
	tests := []struct {
		name string
		leaf *pki.Pair
		opts []groupOption
		want time.Duration
	}{
		{"the leaf's", brief, nil, time.Hour},
		{"the authority's", long, nil, 2 * time.Hour},
		{"the authority's where the leaf's is forgiven", brief, []groupOption{forgiving()}, 2 * time.Hour},
		{"the authority's where the leaf's is over", stale, []groupOption{forgiving()}, 2 * time.Hour},
		{"the revocation list's", brief, []groupOption{crls(list)}, 30 * time.Minute},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, r := decide(t, today(), chainOf(tt.leaf), group(t, "g", chainOf(ca, root), tt.opts...))
			wantGroup(t, "g", 1, 3, v, r)
			if !v.ValidUntil.Equal(today().Add(tt.want)) {
				t.Errorf("valid until %s, want %s", day(v.ValidUntil), day(today().Add(tt.want)))
			}
		})
	}
	t.Run("an anchor's", func(t *testing.T) {
		v, r := decide(t, today(), chainOf(newLeaf(t, root, "device", until(9*time.Hour))), group(t, "g", chainOf(root)))
		wantGroup(t, "g", 1, 2, v, r)
		if !v.ValidUntil.Equal(today().Add(3 * time.Hour)) {
			t.Errorf("valid until %s", day(v.ValidUntil))
		}
	})
}
