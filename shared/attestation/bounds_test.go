package attestation

import (
	"crypto"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"testing"

	"dps/shared/pki"
)

func TestBoundsOnKeys(t *testing.T) {
	root := newRoot(t, "root")
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey := func(bits int) *rsa.PrivateKey { return must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, bits)) }
	tests := []struct {
		name string
		key  crypto.Signer
		rule Rule
	}{
		{"P-224", ecKey(t, elliptic.P224()), RuleKeyTooWeak},
		{"P-256", ecKey(t, elliptic.P256()), ""},
		{"P-384", ecKey(t, elliptic.P384()), ""},
		{"P-521", ecKey(t, elliptic.P521()), ""},
		{"RSA 1024", rsaKey(1024), RuleKeyTooWeak},
		{"RSA 2040", rsaKey(2040), RuleKeyTooWeak},
		{"RSA 2048", rsaKey(2048), ""},
		{"Ed25519", ed, RuleKeyTooWeak},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			// As leaf, as presented intermediate, as the group's own root.
			asLeaf := chainOf(leafOf(t, root, tt.key))
			v, r := decide(t, today(), asLeaf, group(t, "g", chainOf(root)))
			expect(t, tt.rule, 1, 2, v, r)
			if tt.name == "Ed25519" {
				tt.rule = RuleSignatureTooWeak // the leaf bears the signature, and is looked at first
			}
			ca := crossSign(t, root, "ca", tt.key)
			v, r = decide(t, today(), chainOf(newLeaf(t, ca, "device"), ca), group(t, "g", chainOf(root)))
			expect(t, tt.rule, 2, 3, v, r)
			own := rootOf(t, "own", tt.key)
			v, r = decide(t, today(), chainOf(newLeaf(t, own, "device")), group(t, "g", chainOf(own)))
			expect(t, tt.rule, 1, 2, v, r)
		})
	}
}

func expect(t *testing.T, rule Rule, lead, length int, v Verdict, r *Refusal) {
	t.Helper()
	if rule != "" {
		wantRule(t, rule, v, r)
		return
	}
	wantGroup(t, "g", lead, length, v, r)
}

func TestBoundsOnHugeRSAKey(t *testing.T) {
	root := newRoot(t, "root")
	for _, tt := range []struct {
		bits uint
		rule Rule
	}{{8192, ""}, {8193, RuleKeyTooWeak}} {
		// Nobody needs the private half: a number of that size will do.
		n := new(big.Int).SetBit(big.NewInt(1), int(tt.bits)-1, 1)
		p := must[*pki.Pair](t)(root.SignPublicKey(pkix.Name{CommonName: "big"}, &rsa.PublicKey{N: n, E: 65537}, current()))
		v, r := decide(t, today(), chainOf(p), group(t, "g", chainOf(root)))
		expect(t, tt.rule, 1, 2, v, r)
	}
}

func TestBoundsOnSignatures(t *testing.T) {
	for _, tt := range []struct {
		algorithm x509.SignatureAlgorithm
		strong    bool
	}{
		{x509.UnknownSignatureAlgorithm, false}, {x509.MD5WithRSA, false}, {x509.SHA1WithRSA, false}, {x509.ECDSAWithSHA1, false},
		{x509.DSAWithSHA256, false}, {x509.PureEd25519, false}, {x509.SHA256WithRSA, true}, {x509.SHA512WithRSAPSS, true},
		{x509.ECDSAWithSHA256, true}, {x509.ECDSAWithSHA384, true}, {x509.ECDSAWithSHA512, true},
	} {
		c := *newRoot(t, "c").Certificate
		c.SignatureAlgorithm = tt.algorithm
		r := checkBounds([]*x509.Certificate{&c})
		if (r == nil) != tt.strong || r != nil && r.Rule != RuleSignatureTooWeak {
			t.Errorf("%s: refusal %v, strong %v", tt.algorithm, r, tt.strong)
		}
	}
}

func TestSHA1IsRefusedEverywhere(t *testing.T) {
	sha1 := func(c *x509.Certificate) { c.SignatureAlgorithm = x509.ECDSAWithSHA1 }
	root := newRoot(t, "root")
	weakRoot := newRoot(t, "weak root", sha1)
	weakCA := under(t, root, "weak ca", sha1)
	tests := []struct {
		name   string
		chain  []*x509.Certificate
		groups []*Group
	}{
		{"leaf", chainOf(newLeaf(t, root, "device", sha1)), []*Group{group(t, "g", chainOf(root))}},
		{"intermediate", chainOf(newLeaf(t, weakCA, "device"), weakCA), []*Group{group(t, "g", chainOf(root))}},
		{"presented root", chainOf(newLeaf(t, weakRoot, "device"), weakRoot), []*Group{group(t, "g", chainOf(weakRoot))}},
		{"root of the group", chainOf(newLeaf(t, weakRoot, "device")), []*Group{group(t, "g", chainOf(weakRoot))}},
		{"intermediate anchor of the group", chainOf(newLeaf(t, weakCA, "device")), []*Group{group(t, "g", chainOf(weakCA))}},
		{"unrelated, beside a good chain", chainOf(newLeaf(t, root, "device"), weakRoot), []*Group{group(t, "g", chainOf(root))}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, r := decide(t, today(), tt.chain, tt.groups...)
			wantRule(t, RuleSignatureTooWeak, v, r)
		})
	}
}

func TestBoundsOnNumber(t *testing.T) {
	ca := newRoot(t, "root")
	above := []*pki.Pair{}
	root := ca
	for range 4 {
		ca = under(t, ca, "ca "+string(rune('a'+len(above))))
		above = append([]*pki.Pair{ca}, above...)
	}
	chain := append(chainOf(newLeaf(t, ca, "device")), chainOf(above...)...)
	v, r := decide(t, today(), chain, group(t, "g", chainOf(root)))
	wantGroup(t, "g", 5, 6, v, r)
	if err := CheckBounds(chain); err != nil { // and not a nil *Refusal in an error
		t.Errorf("CheckBounds: %v", err)
	}
	var refusal *Refusal
	if err := CheckBounds(append(chain, root.Certificate)); !errors.As(err, &refusal) || refusal.Rule != RuleTooManyCertificates {
		t.Errorf("CheckBounds of six: %v", err)
	}
	v, r = decide(t, today(), append(chain, root.Certificate), group(t, "g", chainOf(root)))
	wantRule(t, RuleTooManyCertificates, v, r)
	v, r = decide(t, today(), nil, group(t, "g", chainOf(root)))
	wantRule(t, RuleNoCertificate, v, r)
	for _, c := range []*x509.Certificate{nil, {}} {
		v, r = decide(t, today(), []*x509.Certificate{chain[0], c}, group(t, "g", chainOf(root)))
		wantRule(t, RuleNoCertificate, v, r)
	}
}

func TestBoundsOnSize(t *testing.T) {
	root := newRoot(t, "root")
	for _, tt := range []struct {
		size int
		rule Rule
	}{{MaxCertificateSize, ""}, {MaxCertificateSize + 1, RuleCertificateTooLarge}} {
		leaf := sized(t, tt.size, func(o pki.Option) *pki.Pair { return newLeaf(t, root, "device", o) })
		v, r := decide(t, today(), chainOf(leaf), group(t, "g", chainOf(root)))
		expect(t, tt.rule, 1, 2, v, r)
		ca := sized(t, tt.size, func(o pki.Option) *pki.Pair { return under(t, root, "ca", o) })
		v, r = decide(t, today(), chainOf(newLeaf(t, ca, "device"), ca), group(t, "g", chainOf(root)))
		expect(t, tt.rule, 2, 3, v, r)
	}
}

// sized makes certificates until one has exactly size bytes: ECDSA signatures differ in length.
func sized(t *testing.T, size int, issue func(pki.Option) *pki.Pair) *pki.Pair {
	t.Helper()
	padding := size / 2
	for range 200 {
		p := issue(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 55555, 1}, Value: make([]byte, padding)}}
		})
		if len(p.Certificate.Raw) == size {
			return p
		}
		padding += size - len(p.Certificate.Raw)
	}
	t.Fatalf("no certificate of %d bytes", size)
	return nil
}
