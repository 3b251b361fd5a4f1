package authority_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"dps/localstack/hub/authority"
	"dps/localstack/hub/oauth"
	"dps/shared/pki"
)

func TestCertificatesAreAsDevicesWantThem(t *testing.T) {
	w := newWorld(t)
	key := newKey(t)
	chain := chainOf(t, must(w.sign(t.Context(), newCSR(t, "uuid:"+deviceID, key), w.bearer(t, "")))(t))
	if len(chain) != 3 || !chain[1].Equal(w.issuer.Certificate) || !chain[2].Equal(w.root.Certificate) {
		t.Fatalf("%d certificates, want leaf, issuer and root", len(chain))
	}
	leaf := chain[0]
	intermediates := x509.NewCertPool()
	intermediates.AddCert(chain[1])
	for _, usage := range []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth} {
		if _, err := leaf.Verify(x509.VerifyOptions{Roots: w.root.Pool(), Intermediates: intermediates, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{usage}}); err != nil {
			t.Errorf("usage %d: %v", usage, err)
		}
	}
	if len(leaf.UnknownExtKeyUsage) != 1 || !leaf.UnknownExtKeyUsage[0].Equal(pki.OIDIdentity) {
		t.Errorf("usages %v lack the OCF identity", leaf.UnknownExtKeyUsage)
	}
	if !key.PublicKey.Equal(leaf.PublicKey) || leaf.Subject.String() != "CN=uuid:"+deviceID || leaf.IsCA {
		t.Errorf("subject %q, CA %t", leaf.Subject, leaf.IsCA)
	}
	if !leaf.NotBefore.Equal(now.Add(-time.Hour)) || !leaf.NotAfter.Equal(now.Add(authority.Lifetime)) {
		t.Errorf("valid from %v to %v at %v", leaf.NotBefore, leaf.NotAfter, now)
	}
	if w.Issued() != 1 {
		t.Errorf("%d issued", w.Issued())
	}
}

func TestCertificatesHaveSerialsOfTheirOwn(t *testing.T) {
	w := newWorld(t)
	csr, bearer := newCSR(t, "uuid:"+deviceID, newKey(t)), w.bearer(t, "")
	one := chainOf(t, must(w.sign(t.Context(), csr, bearer))(t))
	two := chainOf(t, must(w.sign(t.Context(), csr, bearer))(t))
	if one[0].SerialNumber.Cmp(two[0].SerialNumber) == 0 {
		t.Error("two certificates have one serial number")
	}
}

func TestCertificatesHoldNothingThatWasNotChecked(t *testing.T) {
	w := newWorld(t)
	der := must(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{
		Subject:  pkix.Name{CommonName: "uuid:" + deviceID, Organization: []string{"plgd"}, SerialNumber: "1"},
		DNSNames: []string{"hub.example.com"}, EmailAddresses: []string{"a@example.com"},
	}, newKey(t)))(t)
	leaf := chainOf(t, must(w.sign(t.Context(), encodeCSR(der), w.bearer(t, "")))(t))[0]
	if leaf.Subject.String() != "CN=uuid:"+deviceID || len(leaf.DNSNames)+len(leaf.EmailAddresses)+len(leaf.URIs)+len(leaf.IPAddresses) > 0 {
		t.Errorf("subject %q, names %v %v", leaf.Subject, leaf.DNSNames, leaf.EmailAddresses)
	}
}

func TestCSRsAreRefused(t *testing.T) {
	w := newWorld(t)
	key := newKey(t)
	good := newCSR(t, "uuid:"+deviceID, key)
	block, _ := pem.Decode(good)
	forged := append([]byte(nil), block.Bytes...)
	forged[len(forged)-1] ^= 1 // in the signature
	p384 := must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))(t)
	rsaKey := must(rsa.GenerateKey(rand.Reader, 2048))(t)
	for _, c := range []struct {
		name string
		csr  []byte
		want string
	}{
		{"nothing", nil, "is not PEM"},
		{"DER", block.Bytes, "is not PEM"},
		{"a certificate", w.root.CertificatePEM(), "is not PEM of the type CERTIFICATE REQUEST"},
		{"PEM of garbage", encodeCSR([]byte("garbage")), "CSR: "},
		{"cut short", encodeCSR(block.Bytes[:len(block.Bytes)-9]), "CSR: "},
		{"too long", append(good, []byte(strings.Repeat("\n", 8<<10))...), "at most 8192 are taken"},
		{"signature of another", encodeCSR(forged), "not signed by its own key"},
		{"P-384", newCSR(t, "uuid:"+deviceID, p384), "not ECDSA P-256"},
		{"RSA", newCSR(t, "uuid:"+deviceID, rsaKey), "not ECDSA P-256"},
		{"no common name", newCSR(t, "", key), `common name "" is not uuid:UUID`},
		{"common name without uuid:", newCSR(t, deviceID, key), "is not uuid:UUID"},
		{"common name with more", newCSR(t, "uuid:"+deviceID+"x", key), "is not uuid:UUID"},
		{"common name of a host", newCSR(t, "hub.example.com", key), "is not uuid:UUID"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := w.sign(t.Context(), c.csr, w.bearer(t, ""))
			if status.Code(err) != codes.InvalidArgument || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v, want InvalidArgument with %q", err, c.want)
			}
		})
	}
	if w.Issued() != 0 {
		t.Errorf("%d issued", w.Issued())
	}
}

func TestBearersAreChecked(t *testing.T) {
	w := newWorld(t)
	csr := newCSR(t, "uuid:"+deviceID, newKey(t))
	good := w.bearer(t, "")
	bound, foreign, ownerless := w.bearer(t, strings.ToUpper(deviceID)), w.bearer(t, otherID), ""
	w.oauth.SetFault(&oauth.Fault{Claims: map[string]string{"https://plgd.dev/owner": ""}})
	ownerless = w.bearer(t, "")
	w.oauth.SetFault(&oauth.Fault{Lifetime: -time.Second})
	ended := w.bearer(t, "")
	for _, c := range []struct {
		name   string
		header []string
		code   codes.Code
	}{
		{"good", []string{good}, codes.OK},
		{"in lower case", []string{strings.Replace(good, "Bearer", "bearer", 1)}, codes.OK},
		{"bound to the device", []string{bound}, codes.OK},
		{"bound to another device", []string{foreign}, codes.PermissionDenied},
		{"none", nil, codes.Unauthenticated},
		{"two", []string{good, good}, codes.Unauthenticated},
		{"no scheme", []string{strings.TrimPrefix(good, "Bearer ")}, codes.Unauthenticated},
		{"other scheme", []string{"Basic dGVzdDp0ZXN0"}, codes.Unauthenticated},
		{"changed", []string{good + "x"}, codes.Unauthenticated},
		{"without owner", []string{ownerless}, codes.Unauthenticated},
		{"ended", []string{ended}, codes.Unauthenticated},
	} {
		t.Run(c.name, func(t *testing.T) {
			issued := w.Issued()
			chain, err := w.sign(t.Context(), csr, c.header...)
			if status.Code(err) != c.code {
				t.Errorf("%v, want %v", err, c.code)
			}
			if signed := w.Issued() - issued; (c.code == codes.OK) != (signed == 1) || (c.code == codes.OK) != (len(chain) > 0) {
				t.Errorf("%d issued with %v", signed, c.code)
			}
		})
	}
}

func TestFaultsOfTheAuthority(t *testing.T) {
	w := newWorld(t)
	csr, bearer := newCSR(t, "uuid:"+deviceID, newKey(t)), w.bearer(t, "")
	w.SetFault(&authority.Fault{Err: status.Error(codes.Unavailable, "out of order")})
	if _, err := w.sign(t.Context(), csr, bearer); status.Code(err) != codes.Unavailable {
		t.Errorf("down: %v", err)
	}
	w.SetFault(&authority.Fault{Forge: func(csr *x509.CertificateRequest, root, issuer *pki.Pair) []byte {
		return []byte(csr.Subject.CommonName + root.Certificate.Subject.CommonName + issuer.Certificate.Subject.CommonName)
	}})
	if diff := cmp.Diff("uuid:"+deviceID+"rootissuer", string(must(w.sign(t.Context(), csr, bearer))(t))); diff != "" {
		t.Error(diff)
	}
	w.SetFault(nil)
	if _, err := w.sign(t.Context(), csr, bearer); err != nil {
		t.Errorf("mended: %v", err)
	}
}

func TestADelayEndsWithItsCall(t *testing.T) {
	w := newWorld(t)
	w.SetFault(&authority.Fault{Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := w.sign(ctx, nil); status.Code(err) != codes.DeadlineExceeded { // goleak sees to it that the call has left
		t.Errorf("%v", err)
	}
}

func encodeCSR(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der})
}
