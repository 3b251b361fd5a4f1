package sign_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"strings"
	"testing"
	"time"

	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
)

// Every way in which an authority can lie: the device is told to come again, the record says what is wrong.
func TestLyingAuthority(t *testing.T) {
	now := time.Now()
	pemOf := dps.EncodeCertificatesPEM
	type lie func(t *testing.T, f *fixture, csr []byte) string
	leaf := func(opts ...pki.Option) lie {
		return func(t *testing.T, f *fixture, csr []byte) string {
			return string(hubtest.Must(f.CA.Sign(csr, opts...))(t))
		}
	}
	// chain answers an honest leaf under another chain.
	chain := func(build func(t *testing.T, f *fixture, leaf *x509.Certificate) []*x509.Certificate) lie {
		return func(t *testing.T, f *fixture, csr []byte) string {
			return pemOf(build(t, f, hubtest.Must(f.CA.Leaf(csr))(t))...)
		}
	}
	// under issues from an intermediate made with opts.
	under := func(opts ...pki.Option) lie {
		return func(t *testing.T, f *fixture, csr []byte) string {
			f.CA.Issuer = hubtest.Must(f.CA.Root.NewIntermediate("other intermediate", opts...))(t)
			return string(hubtest.Must(f.CA.Sign(csr))(t))
		}
	}
	subject := func(names ...string) pki.Option {
		return func(c *x509.Certificate) {
			c.Subject = pkix.Name{}
			for _, n := range names {
				c.Subject.ExtraNames = append(c.Subject.ExtraNames, pkix.AttributeTypeAndValue{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: n})
			}
		}
	}
	// rename works on the final template, after the CSR's subject was taken over.
	rename := func(names ...string) lie {
		return func(t *testing.T, f *fixture, csr []byte) string {
			honest := hubtest.Must(f.CA.Leaf(csr))(t)
			template := *honest
			subject(names...)(&template)
			template.RawSubject = nil
			der := hubtest.Must(x509.CreateCertificate(rand.Reader, &template, f.CA.Issuer.Certificate, honest.PublicKey, f.CA.Issuer.Key))(t)
			return pemOf(hubtest.Must(x509.ParseCertificate(der))(t), f.CA.Issuer.Certificate, f.CA.Root.Certificate)
		}
	}
	id := "uuid:" + hubtest.Device.DeviceID
	tests := []struct {
		name string
		lie  lie
		want string
	}{
		{"empty", func(*testing.T, *fixture, []byte) string { return "" }, "empty"},
		{"garbage", func(*testing.T, *fixture, []byte) string { return "trust me" }, "not PEM"},
		{"garbage after", func(t *testing.T, f *fixture, csr []byte) string { return leaf()(t, f, csr) + "x" }, "not PEM"},
		{"the CSR itself", func(_ *testing.T, _ *fixture, csr []byte) string { return string(csr) }, "not a CERTIFICATE"},
		{"not certificates", func(*testing.T, *fixture, []byte) string {
			return strings.Repeat("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 2)
		}, "cannot be read"},
		{"too many", func(t *testing.T, f *fixture, csr []byte) string {
			return leaf()(t, f, csr) + strings.Repeat(pemOf(f.CA.Root.Certificate), 10)
		}, "more than 10"},
		{"leaf alone", chain(func(_ *testing.T, _ *fixture, leaf *x509.Certificate) []*x509.Certificate {
			return []*x509.Certificate{leaf}
		}), "alone"},
		{"root left out", chain(func(_ *testing.T, f *fixture, leaf *x509.Certificate) []*x509.Certificate {
			return []*x509.Certificate{leaf, f.CA.Issuer.Certificate}
		}), "not a self-signed root"},
		{"intermediate left out", chain(func(_ *testing.T, f *fixture, leaf *x509.Certificate) []*x509.Certificate {
			return []*x509.Certificate{leaf, f.CA.Root.Certificate}
		}), "was issued by"},
		{"root first", chain(func(_ *testing.T, f *fixture, leaf *x509.Certificate) []*x509.Certificate {
			return []*x509.Certificate{f.CA.Root.Certificate, f.CA.Issuer.Certificate, leaf}
		}), "not a certificate authority"},
		{"another root", chain(func(t *testing.T, f *fixture, leaf *x509.Certificate) []*x509.Certificate {
			return []*x509.Certificate{leaf, f.CA.Issuer.Certificate, hubtest.Must(pki.NewRoot("other"))(t).Certificate}
		}), "was issued by"},
		{"another root of the same name", chain(func(t *testing.T, f *fixture, leaf *x509.Certificate) []*x509.Certificate {
			return []*x509.Certificate{leaf, f.CA.Issuer.Certificate, hubtest.Must(pki.NewRoot("identity root"))(t).Certificate}
		}), "signature"},
		{"another intermediate of the same name", chain(func(t *testing.T, f *fixture, leaf *x509.Certificate) []*x509.Certificate {
			return []*x509.Certificate{leaf, hubtest.Must(f.CA.Root.NewIntermediate("identity intermediate"))(t).Certificate, f.CA.Root.Certificate}
		}), "signature"},
		{"a device as intermediate", chain(func(t *testing.T, f *fixture, leaf *x509.Certificate) []*x509.Certificate {
			return []*x509.Certificate{leaf, hubtest.Must(f.CA.Root.NewLeaf("identity intermediate"))(t).Certificate, f.CA.Root.Certificate}
		}), "not a certificate authority"},
		{"intermediate may not sign", under(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageDigitalSignature }), "may not sign"},
		{"intermediate has ended", under(pki.Validity(now.Add(-2*time.Hour), now.Add(-time.Hour))), "ended at"},
		{"intermediate is of tomorrow", under(pki.Validity(now.Add(time.Hour), now.Add(9*time.Hour))), "valid from"},
		{"intermediate with an unknown critical extension", under(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
		}), "1.2.3"},
		{"too long a path", func(t *testing.T, f *fixture, csr []byte) string {
			upper := hubtest.Must(f.CA.Root.NewIntermediate("upper", func(c *x509.Certificate) { c.MaxPathLenZero = true }))(t)
			f.CA.Issuer = hubtest.Must(upper.NewIntermediate("lower"))(t)
			return pemOf(hubtest.Must(f.CA.Leaf(csr))(t), f.CA.Issuer.Certificate, upper.Certificate, f.CA.Root.Certificate)
		}, "at most 0 authorities"},
		{"another key", func(t *testing.T, f *fixture, csr []byte) string {
			honest := hubtest.Must(f.CA.Leaf(csr))(t)
			other := hubtest.Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
			forged := hubtest.Must(f.CA.Issuer.SignPublicKey(honest.Subject, other.Public(), pki.UnknownEKU(pki.OIDIdentity)))(t)
			return pemOf(forged.Certificate, f.CA.Issuer.Certificate, f.CA.Root.Certificate)
		}, "another key"},
		{"another device", rename("uuid:00000000-cafe-4eaf-8eef-0000000000ff"), "subject"},
		{"no device", rename("device"), "subject"},
		{"two devices", rename("uuid:00000000-cafe-4eaf-8eef-0000000000ff", id), "subject"},
		{"signature of nobody", func(t *testing.T, f *fixture, csr []byte) string {
			honest := hubtest.Must(f.CA.Leaf(csr))(t)
			der := append([]byte(nil), honest.Raw...)
			der[len(der)-1] ^= 1
			return pemOf(&x509.Certificate{Raw: der}, f.CA.Issuer.Certificate, f.CA.Root.Certificate)
		}, "signature"},
		{"authority", leaf(func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }), "one of an authority"},
		{"not for TLS", leaf(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment }), "digitalSignature"},
		{"no serverAuth", leaf(pki.EKU(x509.ExtKeyUsageClientAuth)), "serverAuth"},
		{"no clientAuth", leaf(pki.EKU(x509.ExtKeyUsageServerAuth)), "clientAuth"},
		{"no identity", leaf(pki.UnknownEKU()), "1.3.6.1.4.1.44924.1.6"},
		{"of tomorrow", leaf(pki.Validity(now.Add(time.Hour), now.Add(9*time.Hour))), "backdate"},
		{"ended", leaf(pki.Validity(now.Add(-2*time.Hour), now.Add(-time.Hour))), "ends at"},
		{"ends in 59 minutes", leaf(pki.Validity(now.Add(-time.Hour), now.Add(59*time.Minute))), "ends at"},
		{"unknown critical extension", leaf(func(c *x509.Certificate) {
			c.ExtraExtensions = []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 2, 3}, Critical: true, Value: []byte{5, 0}}}
		}), "1.2.3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil)
			f.onSign(func(_ context.Context, csr []byte, _ string) ([]byte, error) { return []byte(tt.lie(t, f, csr)), nil })
			reply, err := f.sign(t.Context())
			message := dps.AsError(err)
			if dps.CodeOf(err) != dps.CodeUnavailable || !strings.Contains(message.Message, tt.want) || reply.CertificateChain != "" {
				t.Fatalf("error %v, want unavailable with %q", err, tt.want)
			}
			if entries := f.Audit(t, hubtest.Device.RecordID); len(entries) != 0 {
				t.Errorf("audit %+v", entries)
			}
		})
	}
}

// Honest answers of other shapes than the usual one.
func TestOtherHonestAuthorities(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T, f *fixture)
		want int // certificates that the device presents
	}{
		{"no intermediate", func(_ *testing.T, f *fixture) {
			f.CA.Issuer = f.CA.Root
			f.onSign(func(_ context.Context, csr []byte, _ string) ([]byte, error) {
				leaf, err := f.CA.Leaf(csr)
				return []byte(dps.EncodeCertificatesPEM(leaf, f.CA.Root.Certificate)), err
			})
		}, 1},
		{"two intermediates", func(t *testing.T, f *fixture) {
			upper := f.CA.Issuer
			f.CA.Issuer = hubtest.Must(upper.NewIntermediate("lower"))(t)
			f.onSign(func(_ context.Context, csr []byte, _ string) ([]byte, error) {
				leaf, err := f.CA.Leaf(csr)
				return []byte(dps.EncodeCertificatesPEM(leaf, f.CA.Issuer.Certificate, upper.Certificate, f.CA.Root.Certificate)), err
			})
		}, 3},
		{"huge serial number", func(_ *testing.T, f *fixture) {
			f.onSign(func(_ context.Context, csr []byte, _ string) ([]byte, error) {
				return f.CA.Sign(csr, func(c *x509.Certificate) { c.SerialNumber = new(big.Int).Lsh(big.NewInt(1), 158) })
			})
		}, 2},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, nil)
			tt.make(t, f)
			reply := hubtest.Must(f.sign(t.Context()))(t)
			if n := strings.Count(reply.CertificateChain, "BEGIN CERTIFICATE"); n != tt.want {
				t.Errorf("%d certificates, want %d", n, tt.want)
			}
			if reply.TrustAnchor != dps.EncodeCertificatesPEM(f.CA.Root.Certificate) {
				t.Error("the trust anchor is not the root")
			}
		})
	}
}

// Authorities that were verified once do not stay so for ever.
func TestVerifiedAuthoritiesEnd(t *testing.T) {
	f := newFixture(t, nil)
	end := f.Clock.Now().Add(30 * time.Minute)
	f.CA.Issuer = hubtest.Must(f.CA.Root.NewIntermediate("short-lived", pki.Validity(f.Clock.Now().Add(-time.Hour), end)))(t)
	hubtest.Must(f.sign(t.Context()))(t)
	f.Clock.Advance(29 * time.Minute)
	hubtest.Must(f.sign(t.Context()))(t)
	f.Clock.Advance(2 * time.Minute)
	if _, err := f.sign(t.Context()); dps.CodeOf(err) != dps.CodeUnavailable || !strings.Contains(err.Error(), "ended at") {
		t.Fatalf("error %v", err)
	}
	if f.counts.Get("verified_authorities", "hit") != 1 {
		t.Error("not remembered meanwhile")
	}
}
