package attestation

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// today is when every test takes place; certificates are valid around it unless a test says otherwise.
func today() time.Time { return time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC) }

const year = 365 * 24 * time.Hour

func current() pki.Option { return pki.Validity(today().Add(-year), today().Add(10*year)) }
func expired() pki.Option { return pki.Validity(today().Add(-2*year), today().Add(-time.Second)) }
func future() pki.Option  { return pki.Validity(today().Add(time.Second), today().Add(year)) }

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func with(opts []pki.Option) []pki.Option { return append([]pki.Option{current()}, opts...) }

func newRoot(t testing.TB, cn string, opts ...pki.Option) *pki.Pair {
	t.Helper()
	return must[*pki.Pair](t)(pki.NewRoot(cn, with(opts)...))
}

func under(t testing.TB, ca *pki.Pair, cn string, opts ...pki.Option) *pki.Pair {
	t.Helper()
	return must[*pki.Pair](t)(ca.NewIntermediate(cn, with(opts)...))
}

func crossSign(t testing.TB, ca *pki.Pair, cn string, key crypto.Signer, opts ...pki.Option) *pki.Pair {
	t.Helper()
	return must[*pki.Pair](t)(ca.CrossSign(cn, key, with(opts)...))
}

func newLeaf(t testing.TB, ca *pki.Pair, cn string, opts ...pki.Option) *pki.Pair {
	t.Helper()
	return must[*pki.Pair](t)(ca.NewLeaf(cn, with(opts)...))
}

func leafOf(t testing.TB, ca *pki.Pair, key crypto.Signer, opts ...pki.Option) *pki.Pair {
	t.Helper()
	return must[*pki.Pair](t)(ca.Leaf("device", key, with(opts)...))
}

// rootOf makes a self-signed authority of any key.
func rootOf(t testing.TB, cn string, key crypto.Signer, opts ...pki.Option) *pki.Pair {
	t.Helper()
	tpl := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: cn}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
	}
	for _, o := range with(opts) {
		o(tpl)
	}
	der := must[[]byte](t)(x509.CreateCertificate(rand.Reader, tpl, tpl, key.Public(), key))
	return &pki.Pair{Certificate: must[*x509.Certificate](t)(x509.ParseCertificate(der)), Key: key}
}

func ecKey(t testing.TB, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	return must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(curve, rand.Reader))
}

func chainOf(pairs ...*pki.Pair) []*x509.Certificate {
	var chain []*x509.Certificate
	for _, p := range pairs {
		chain = append(chain, p.Certificate)
	}
	return chain
}

type groupOption func(*contract.Candidate)

func group(t testing.TB, id string, chain []*x509.Certificate, opts ...groupOption) *Group {
	t.Helper()
	c := contract.Candidate{GroupID: id}
	for _, cert := range chain {
		c.Chain = append(c.Chain, cert.Raw)
	}
	for _, o := range opts {
		o(&c)
	}
	return must[*Group](t)(Prepare(c))
}

func lead(i int) groupOption { return func(c *contract.Candidate) { c.Lead = i } }
func forgiving() groupOption {
	return func(c *contract.Candidate) { c.ExpiredCertificateEnabled = true }
}
func wantEKU() groupOption           { return func(c *contract.Candidate) { c.RequireClientAuthEKU = true } }
func crls(der ...[]byte) groupOption { return func(c *contract.Candidate) { c.CRLs = der } }

// decide judges in every way that must not matter: fresh and remembered, with the shortcut and without, groups and the
// certificates above the leaf turned around. It fails the test where two ways differ.
func decide(t testing.TB, now time.Time, chain []*x509.Certificate, groups ...*Group) (Verdict, *Refusal) {
	t.Helper()
	v, r := judgeOnce(t, now, chain, groups)
	backward := slices.Clone(chain)
	if len(backward) > 1 {
		slices.Reverse(backward[1:])
	}
	turned := slices.Clone(groups)
	slices.Reverse(turned)
	plain := make([]*Group, 0, len(groups))
	for _, g := range groups {
		p := *g
		p.unconstrained = false
		plain = append(plain, &p)
	}
	for _, other := range []struct {
		way    string
		chain  []*x509.Certificate
		groups []*Group
	}{
		{"again", chain, groups}, {"groups turned", chain, turned}, {"without shortcut", chain, plain},
		{"presented turned", backward, groups}, {"presented turned, again", backward, groups},
	} {
		v2, r2 := judgeOnce(t, now, other.chain, other.groups)
		switch {
		case (r == nil) != (r2 == nil):
			t.Fatalf("%s: refusal %v, first it was %v", other.way, r2, r)
		case r != nil && (r.Rule != r2.Rule || !slices.Equal(r.GroupIDs, r2.GroupIDs)):
			t.Fatalf("%s: refusal %v of %v, first it was %v of %v", other.way, r2, r2.GroupIDs, r, r.GroupIDs)
		case r == nil && !sameVerdict(v, v2):
			t.Fatalf("%s: verdict %s, first it was %s", other.way, show(v2), show(v))
		}
	}
	return v, r
}

func judgeOnce(t testing.TB, now time.Time, chain []*x509.Certificate, groups []*Group) (Verdict, *Refusal) {
	t.Helper()
	v, err := Judge(now, chain, groups)
	if err == nil {
		if fault := unsound(v, chain); fault != "" {
			t.Fatalf("accepted, but %s: %s", fault, show(v))
		}
		return v, nil
	}
	var r *Refusal
	if !errors.As(err, &r) {
		t.Fatalf("error of type %T, want *Refusal: %v", err, err)
	}
	if fault := ugly(r); fault != "" {
		t.Fatalf("refusal %s: %q", fault, r.Detail)
	}
	return Verdict{}, r
}

// unsound says what is wrong with a verdict, by means other than those that found it.
func unsound(v Verdict, chain []*x509.Certificate) string {
	if v.Path[0] != chain[0] {
		return "the path does not begin with the leaf that was presented"
	}
	if v.Lead < 1 || v.Lead >= len(v.Path) || dps.CAIdentity(v.Path[v.Lead]) != dps.CAIdentity(v.Group.chain[v.Group.Lead]) {
		return "the lead certificate is not where the verdict says"
	}
	for i, c := range v.Path[:len(v.Path)-1] {
		if err := c.CheckSignatureFrom(v.Path[i+1]); err != nil {
			return "a certificate is not signed by the next: " + err.Error()
		}
	}
	anchor := v.Path[len(v.Path)-1]
	if !slices.ContainsFunc(v.Group.Chain, func(der []byte) bool { return bytes.Equal(der, anchor.Raw) }) {
		return "the anchor is not the group's"
	}
	return ""
}

// ugly says what keeps a refusal from a log line.
func ugly(r *Refusal) string {
	if r.Rule == "" || r.Detail == "" || len(r.Detail) > MaxDetail || len(r.GroupIDs) > MaxRefusalGroups {
		return "has no rule, or no detail, or is too long"
	}
	for _, b := range []byte(r.Detail) {
		if b < ' ' || b > '~' {
			return "holds what is not printable ASCII"
		}
	}
	return ""
}

func sameVerdict(a, b Verdict) bool {
	return a.Group.GroupID == b.Group.GroupID && a.Lead == b.Lead && a.ValidUntil.Equal(b.ValidUntil) &&
		slices.EqualFunc(a.Path, b.Path, (*x509.Certificate).Equal)
}

func show(v Verdict) string {
	s := "group " + v.Group.GroupID + ", until " + day(v.ValidUntil) + ", path"
	for i, c := range v.Path {
		if i == v.Lead {
			s += " (lead)"
		}
		s += " " + nameOf(c)
	}
	return s
}

// wantGroup and wantRule are the two ends a judgement can have.
func wantGroup(t testing.TB, id string, leadIndex, length int, v Verdict, r *Refusal) {
	t.Helper()
	if r != nil {
		t.Fatalf("refused: %v", r)
	}
	if v.Group.GroupID != id || v.Lead != leadIndex || len(v.Path) != length {
		t.Fatalf("%s; want group %s, lead %d of a path of %d", show(v), id, leadIndex, length)
	}
}

func wantRule(t testing.TB, rule Rule, v Verdict, r *Refusal) {
	t.Helper()
	if r == nil {
		t.Fatalf("accepted: %s; want %s", show(v), rule)
	}
	if r.Rule != rule {
		t.Fatalf("refused: %v; want %s", r, rule)
	}
}
