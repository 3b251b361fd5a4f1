package attestation

import (
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strings"
	"testing"
	"time"

	"dps/shared/contract"
	"dps/shared/pki"
)

type crlOption func(*x509.RevocationList)

func crlPeriod(this, next time.Time) crlOption {
	return func(l *x509.RevocationList) { l.ThisUpdate, l.NextUpdate = this, next }
}

func revoking(certs ...*pki.Pair) crlOption {
	return func(l *x509.RevocationList) {
		for _, c := range certs {
			l.RevokedCertificateEntries = append(l.RevokedCertificateEntries,
				x509.RevocationListEntry{SerialNumber: c.Certificate.SerialNumber, RevocationTime: today().Add(-time.Hour)})
		}
	}
}

func newCRL(t testing.TB, ca *pki.Pair, opts ...crlOption) []byte {
	t.Helper()
	tpl := &x509.RevocationList{Number: big.NewInt(7), ThisUpdate: today().Add(-time.Hour), NextUpdate: today().Add(time.Hour)}
	for _, o := range opts {
		o(tpl)
	}
	return must[[]byte](t)(x509.CreateRevocationList(rand.Reader, tpl, ca.Certificate, ca.Key))
}

func TestRevocation(t *testing.T) {
	h := newHouse(t)
	stranger := newHouse(t)
	device, sibling := newLeaf(t, h.ca, "device"), newLeaf(t, h.ca, "sibling")
	weakCA := under(t, h.root, "no crl sign", func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageCertSign })
	outdated := crlPeriod(today().Add(-2*time.Hour), today().Add(-time.Second))
	tests := []struct {
		name string
		crls [][]byte
		rule Rule
	}{
		{"empty list", [][]byte{newCRL(t, h.ca)}, ""},
		{"the sibling is revoked", [][]byte{newCRL(t, h.ca, revoking(sibling))}, ""},
		{"the device is revoked", [][]byte{newCRL(t, h.ca, revoking(sibling, device))}, RuleRevoked},
		{"its authority is revoked", [][]byte{newCRL(t, h.root, revoking(h.ca))}, RuleRevoked},
		{"all is well at both levels", [][]byte{newCRL(t, h.root, revoking(h.other)), newCRL(t, h.ca)}, ""},
		{"another issuer revokes the serial", [][]byte{newCRL(t, h.other, revoking(device))}, ""},
		{"a stranger's root, other name", [][]byte{newCRL(t, newRoot(t, "nobody"), revoking(device))}, ""},
		{"a stranger of the same name", [][]byte{newCRL(t, stranger.ca)}, RuleCRLUnusable},
		{"a stranger of the same name revokes", [][]byte{newCRL(t, stranger.ca, revoking(device))}, RuleCRLUnusable},
		{"ours beside the stranger's", [][]byte{newCRL(t, stranger.ca, revoking(device)), newCRL(t, h.ca)}, ""},
		{"ours beside the stranger's, revoked", [][]byte{newCRL(t, stranger.ca), newCRL(t, h.ca, revoking(device))}, RuleRevoked},
		{"past nextUpdate", [][]byte{newCRL(t, h.ca, outdated)}, RuleCRLUnusable},
		{"past nextUpdate, revoked", [][]byte{newCRL(t, h.ca, outdated, revoking(device))}, RuleCRLUnusable},
		{"past nextUpdate at the root", [][]byte{newCRL(t, h.ca), newCRL(t, h.root, outdated)}, RuleCRLUnusable},
		{"at nextUpdate", [][]byte{newCRL(t, h.ca, crlPeriod(today().Add(-time.Hour), today()))}, ""},
		{"from tomorrow", [][]byte{newCRL(t, h.ca, crlPeriod(today().Add(time.Hour), today().Add(2*time.Hour)))}, RuleCRLUnusable},
		{"an older edition beside a current one", [][]byte{newCRL(t, h.ca, outdated), newCRL(t, h.ca)}, ""},
		{"an older edition beside a current one that revokes", [][]byte{newCRL(t, h.ca, outdated), newCRL(t, h.ca, revoking(device))}, RuleRevoked},
		{"delta list", [][]byte{newCRL(t, h.ca), newCRL(t, h.ca, critical(asn1.ObjectIdentifier{2, 5, 29, 27}, []byte{2, 1, 1}))}, RuleCRLUnusable},
		{"partial list", [][]byte{newCRL(t, h.ca, critical(asn1.ObjectIdentifier{2, 5, 29, 28}, []byte{0x30, 0}))}, RuleCRLUnusable},
		{"partial list of somebody else", [][]byte{newCRL(t, h.other, critical(asn1.ObjectIdentifier{2, 5, 29, 28}, []byte{0x30, 0}))}, ""},
		{"indirect entry", [][]byte{newCRL(t, h.ca, indirect(sibling))}, RuleCRLUnusable},
		{"SHA-1", [][]byte{newCRL(t, h.ca, func(l *x509.RevocationList) { l.SignatureAlgorithm = x509.ECDSAWithSHA1 })}, RuleCRLUnusable},
		{"garbage", [][]byte{[]byte("garbage")}, RuleCRLUnusable},
		{"a good one and garbage", [][]byte{newCRL(t, h.ca), nil}, RuleCRLUnusable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// The authority known, and the authority presented.
			v, r := decide(t, today(), chainOf(device), group(t, "g", chainOf(h.ca, h.root), crls(tt.crls...)))
			expect(t, tt.rule, 1, 3, v, r)
			v, r = decide(t, today(), chainOf(device, h.ca), group(t, "g", chainOf(h.root), crls(tt.crls...)))
			expect(t, tt.rule, 2, 3, v, r)
		})
	}
	t.Run("an issuer that may not sign lists", func(t *testing.T) {
		// The key is the issuer's, its certificate does not allow it.
		allowed := crossSign(t, h.root, "no crl sign", weakCA.Key)
		v, r := decide(t, today(), chainOf(newLeaf(t, weakCA, "device"), weakCA), group(t, "g", chainOf(h.root), crls(newCRL(t, allowed))))
		wantRule(t, RuleCRLUnusable, v, r)
	})
	t.Run("missing", func(t *testing.T) {
		g := group(t, "g", chainOf(h.root), func(c *contract.Candidate) { c.CRLsMissing = true })
		v, r := decide(t, today(), chainOf(device, h.ca), g)
		wantRule(t, RuleCRLUnusable, v, r)
	})
	t.Run("the anchor is not asked about", func(t *testing.T) {
		v, r := decide(t, today(), chainOf(device), group(t, "g", chainOf(h.ca), crls(newCRL(t, h.root, revoking(h.ca)))))
		wantGroup(t, "g", 1, 2, v, r)
	})
}

// A cross-signed authority that one root has revoked is still good under the other, where a group knows both.
func TestRevocationOfOneWay(t *testing.T) {
	r1, r2 := newRoot(t, "root 1"), newRoot(t, "root 2")
	ca1 := under(t, r1, "ca")
	ca2 := crossSign(t, r2, "ca", ca1.Key)
	g := group(t, "g", chainOf(ca1, ca2, r1, r2), crls(newCRL(t, r1, revoking(ca1))))
	v, r := decide(t, today(), chainOf(newLeaf(t, ca1, "device"), ca1), g)
	wantGroup(t, "g", 1, 3, v, r)
	if !v.Path[2].Equal(r2.Certificate) {
		t.Errorf("path goes over the revoked way: %s", show(v))
	}
}

func TestRevocationListWithoutNextUpdate(t *testing.T) {
	if reason := defectOf(&x509.RevocationList{SignatureAlgorithm: x509.ECDSAWithSHA256}); !strings.Contains(reason, "nextUpdate") {
		t.Errorf("defect %q, want one about nextUpdate", reason)
	}
}

func TestRevocationOfManySerials(t *testing.T) {
	h := newHouse(t)
	device := newLeaf(t, h.ca, "device")
	many := func(l *x509.RevocationList) {
		for i := range 5000 {
			l.RevokedCertificateEntries = append(l.RevokedCertificateEntries,
				x509.RevocationListEntry{SerialNumber: big.NewInt(int64(i + 1)), RevocationTime: today()})
		}
	}
	v, r := decide(t, today(), chainOf(device), group(t, "g", chainOf(h.ca), crls(newCRL(t, h.ca, many))))
	wantGroup(t, "g", 1, 2, v, r)
	v, r = decide(t, today(), chainOf(device), group(t, "g", chainOf(h.ca), crls(newCRL(t, h.ca, many, revoking(device)))))
	wantRule(t, RuleRevoked, v, r)
}

func critical(id asn1.ObjectIdentifier, value []byte) crlOption {
	return func(l *x509.RevocationList) {
		l.ExtraExtensions = append(l.ExtraExtensions, pkix.Extension{Id: id, Critical: true, Value: value})
	}
}

// indirect lists a certificate with the critical entry extension certificateIssuer (RFC 5280 §5.3.3).
func indirect(p *pki.Pair) crlOption {
	return func(l *x509.RevocationList) {
		l.RevokedCertificateEntries = append(l.RevokedCertificateEntries, x509.RevocationListEntry{
			SerialNumber: p.Certificate.SerialNumber, RevocationTime: today(),
			ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 29}, Critical: true, Value: []byte{0x30, 0}}},
		})
	}
}
