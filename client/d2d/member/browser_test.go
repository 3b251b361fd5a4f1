package member_test

import (
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"

	"dps/client/d2d/d2dtest"
	"dps/client/d2d/member"
	"dps/client/d2d/settings"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
)

func newBrowserWorld(t *testing.T, change ...func(*member.Options)) *world {
	return newWorld(t, settings.X509, settings.UserAgent, change...)
}

// TestTheBrowserMediates: the client never speaks to the hub.
func TestTheBrowserMediates(t *testing.T) {
	w := newBrowserWorld(t)
	w.wantPrecondition(w.Authorize(t.Context(), w.token()))
	w.initialize()
	if r := w.hub.Requests(); len(r) != 0 {
		t.Errorf("the client asked the hub: %v", r)
	}
	c, err := w.Credentials()
	if err != nil || c.PSK != nil || len(c.Identity.Certificate) != 2 || c.Identity.Leaf.Subject.CommonName != "uuid:"+dps.OwnerUUID("owner-1") {
		t.Fatalf("%+v, %v", c, err)
	}
	if _, err := c.Identity.Leaf.Verify(x509.VerifyOptions{Roots: c.Roots, Intermediates: pool(t, c.Identity.Certificate[1]), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}); err != nil {
		t.Error(err)
	}
	w.restart()
	again, err := w.Credentials()
	if err != nil || string(again.Identity.Certificate[0]) != string(c.Identity.Certificate[0]) {
		t.Errorf("%v after a restart", err)
	}
	w.want(w.Authorize(t.Context(), w.token()), "")
	w.wantUnauthenticated(w.Authorize(t.Context(), ""))
	w.wantUnauthenticated(w.Authorize(t.Context(), w.another(d2dtest.OwnerClaim)))
	w.want(w.Authorize(t.Context(), w.another("sub")), "") // as plgd has it: whoever is the same owner
	if jwks, err := w.JWKS(); err != nil || !strings.Contains(string(jwks), d2dtest.KeyID) {
		t.Errorf("%s, %v", jwks, err)
	}
	w.want(w.Reset(), "")
	if strings.Contains(string(w.vault.content), "key") {
		t.Errorf("a reset left %s", w.vault.content)
	}
}

func pool(t *testing.T, der []byte) *x509.CertPool {
	t.Helper()
	p := x509.NewCertPool()
	p.AddCert(hubtest.Must(x509.ParseCertificate(der))(t))
	return p
}

// TestTokensThatInitializeNobody are forged, stale, or somebody else's.
func TestTokensThatInitializeNobody(t *testing.T) {
	w := newBrowserWorld(t)
	h := w.hub
	public := hubtest.Must(x509.MarshalPKIXPublicKey(h.Key.Public()))(t)
	foreign := hubtest.Must(pki.NewKey())(t)
	for name, token := range map[string]string{
		"none":               "",
		"basic":              "Basic dXNlcjpwYXNz",
		"algorithm none":     h.SignToken(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, d2dtest.KeyID, h.Claims(nil)),
		"public key as HMAC": h.SignToken(t, jwt.SigningMethodHS256, public, d2dtest.KeyID, h.Claims(nil)),
		"another's key":      h.SignToken(t, jwt.SigningMethodES256, foreign, d2dtest.KeyID, h.Claims(nil)),
		"unknown key":        h.SignToken(t, jwt.SigningMethodES256, h.Key, "two", h.Claims(nil)),
		"another issuer":     h.Token(t, func(c jwt.MapClaims) { c["iss"] = "https://evil.example.com" }),
		"another audience":   h.Token(t, func(c jwt.MapClaims) { c["aud"] = "other" }),
		"expired":            h.Token(t, func(c jwt.MapClaims) { c["exp"] = h.Clock.Now().Add(-time.Hour).Unix() }),
		"without end":        h.Token(t, func(c jwt.MapClaims) { delete(c, "exp") }),
		"without owner":      h.Token(t, func(c jwt.MapClaims) { delete(c, d2dtest.OwnerClaim) }),
		"owner is no text":   h.Token(t, func(c jwt.MapClaims) { c[d2dtest.OwnerClaim] = 5 }),
		"huge":               "Bearer " + strings.Repeat("a", 20<<10),
		"rubbish":            "Bearer a.b.c",
	} {
		if _, err := w.Challenge(t.Context(), h.JWKS(), token); !member.IsUnauthenticated(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestKeySetsThatAreNone(t *testing.T) {
	w := newBrowserWorld(t)
	private, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: w.hub.Key, KeyID: "one"}}})
	if err != nil {
		t.Fatal(err)
	}
	symmetric, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: []byte("0123456789abcdef"), KeyID: "one"}}})
	if err != nil {
		t.Fatal(err)
	}
	many := strings.Repeat(strings.TrimSuffix(strings.TrimPrefix(string(w.hub.JWKS()), `{"keys":[`), `]}`)+",", 33)
	for name, jwks := range map[string]string{
		"nothing": "", "null": "null", "text": `"keys"`, "empty": "{}", "no keys": `{"keys":[]}`, "private": string(private), "symmetric": string(symmetric),
		"oversized": `{"keys":[],"x":"` + strings.Repeat("x", member.MaxJWKS) + `"}`, "too many": `{"keys":[` + strings.TrimSuffix(many, ",") + `]}`,
	} {
		_, err := w.Challenge(t.Context(), []byte(jwks), w.token())
		if dps.CodeOf(err) != dps.CodeInvalid || !strings.HasPrefix(err.Error(), "jwks: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestStates expire, work once, and are somebody's.
func TestStates(t *testing.T) {
	for _, tt := range []struct {
		name   string
		finish func(w *world, c member.Challenge) error
		code   dps.Code
	}{
		{"right", func(w *world, c member.Challenge) error { return w.Finish(t.Context(), c.State, w.token(), w.sign(c)) }, ""},
		{"in capitals", func(w *world, c member.Challenge) error {
			return w.Finish(t.Context(), strings.ToUpper(c.State), w.token(), w.sign(c))
		}, ""},
		{"just in time", func(w *world, c member.Challenge) error {
			w.hub.Clock.Advance(time.Minute - time.Millisecond)
			return w.Finish(t.Context(), c.State, w.token(), w.sign(c))
		}, ""},
		{"expired", func(w *world, c member.Challenge) error {
			w.hub.Clock.Advance(time.Minute)
			return w.Finish(t.Context(), c.State, w.token(), w.sign(c))
		}, dps.CodeInvalid},
		{"unknown", func(w *world, c member.Challenge) error {
			return w.Finish(t.Context(), dps.NewUUID(), w.token(), w.sign(c))
		}, dps.CodeInvalid},
		{"no UUID", func(w *world, c member.Challenge) error { return w.Finish(t.Context(), "..", w.token(), w.sign(c)) }, dps.CodeInvalid},
		{"replayed after a failure", func(w *world, c member.Challenge) error {
			w.want(w.Finish(t.Context(), c.State, w.token(), []byte("rubbish")), dps.CodeInvalid)
			return w.Finish(t.Context(), c.State, w.token(), w.sign(c))
		}, dps.CodeInvalid},
		{"replayed after a success", func(w *world, c member.Challenge) error {
			w.want(w.Finish(t.Context(), c.State, w.token(), w.sign(c)), "")
			return w.Finish(t.Context(), c.State, w.token(), w.sign(c))
		}, dps.CodeConflict},
		{"of a client that was reset", func(w *world, c member.Challenge) error {
			w.initialize()
			w.want(w.Reset(), "")
			return w.Finish(t.Context(), c.State, w.token(), w.sign(c))
		}, dps.CodeInvalid},
		{"another user", func(w *world, c member.Challenge) error {
			return w.Finish(t.Context(), c.State, w.another("sub"), w.sign(c))
		}, dps.CodeDenied},
		{"another owner", func(w *world, c member.Challenge) error {
			return w.Finish(t.Context(), c.State, w.another(d2dtest.OwnerClaim), w.sign(c))
		}, dps.CodeDenied},
		{"no token", func(w *world, c member.Challenge) error { return w.Finish(t.Context(), c.State, "", w.sign(c)) }, dps.CodeDenied},
		{"pushed out by others", func(w *world, c member.Challenge) error {
			for range 16 {
				w.hub.Clock.Advance(time.Millisecond)
				w.challenge()
			}
			return w.Finish(t.Context(), c.State, w.token(), w.sign(c))
		}, dps.CodeInvalid},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newBrowserWorld(t)
			w.want(tt.finish(w, w.challenge()), tt.code)
			w.hub.Clock.Advance(time.Hour)
			if tt.code != "" && tt.code != dps.CodeConflict {
				if s := w.Status(); s.Way != member.WayNone {
					t.Errorf("initialized all the same: %+v", s)
				}
				w.initialize()
			}
			_, err := w.Challenge(t.Context(), w.hub.JWKS(), w.token())
			w.wantPrecondition(err)
		})
	}
}

// TestCertificatesThatAreNot are refused, each for its reason.
func TestCertificatesThatAreNot(t *testing.T) {
	now := time.Now()
	resign := func(opts ...pki.Option) func(w *world, c member.Challenge) []byte {
		return func(w *world, c member.Challenge) []byte { return hubtest.Must(w.hub.Sign(c.CSR, opts...))(w.t) }
	}
	rename := func(name string) func(w *world, c member.Challenge) []byte {
		return func(w *world, c member.Challenge) []byte {
			block, _ := pem.Decode(c.CSR)
			csr := hubtest.Must(x509.ParseCertificateRequest(block.Bytes))(w.t)
			leaf := hubtest.Must(w.hub.CA.Issuer.SignPublicKey(pkix.Name{CommonName: name}, csr.PublicKey, pki.UnknownEKU(pki.OIDIdentity)))(w.t)
			return []byte(dps.EncodeCertificatesPEM(leaf.Certificate, w.hub.CA.Issuer.Certificate, w.hub.CA.Root.Certificate))
		}
	}
	other := func(w *world, name string) []byte {
		key := hubtest.Must(pki.NewKey())(w.t)
		return hubtest.Must(w.hub.Sign(hubtest.Must(pki.NewCSR(name, key))(w.t)))(w.t)
	}
	subject := "uuid:" + dps.OwnerUUID("owner-1")
	for _, tt := range []struct {
		name string
		make func(w *world, c member.Challenge) []byte
		want string
	}{
		{"nothing", func(*world, member.Challenge) []byte { return nil }, "PEM"},
		{"rubbish", func(*world, member.Challenge) []byte {
			return []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
		}, "PEM"},
		{"huge", func(*world, member.Challenge) []byte { return make([]byte, 65<<10) }, "at most 65536"},
		{"another key", func(w *world, _ member.Challenge) []byte { return other(w, subject) }, "another key"},
		{"another's common name", rename("uuid:" + dps.NewUUID()), "another owner's"},
		{"common name and more", rename(subject + " and more"), "another owner's"},
		{"no common name", rename(""), "another owner's"},
		{"an authority", resign(func(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }), "an authority"},
		{"no clientAuth", resign(pki.EKU(x509.ExtKeyUsageServerAuth)), "clientAuth"},
		{"no OCF identity", resign(pki.UnknownEKU()), "1.3.6.1.4.1.44924.1.6"},
		{"no digitalSignature", resign(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyAgreement }), "digitalSignature"},
		{"expired", resign(pki.Validity(now.Add(-2*time.Hour), now.Add(-time.Hour))), "ends at"},
		{"not yet valid", resign(pki.Validity(now.Add(time.Hour), now.Add(2*time.Hour))), "see to the clocks"},
		{"leaf alone", func(w *world, c member.Challenge) []byte {
			return []byte(strings.SplitAfter(string(w.sign(c)), "-----END CERTIFICATE-----\n")[0])
		}, "does not lead to a root"},
		{"without its intermediate", func(w *world, c member.Challenge) []byte {
			parts := strings.SplitAfter(string(w.sign(c)), "-----END CERTIFICATE-----\n")
			return []byte(parts[0] + parts[2])
		}, "does not lead to a root"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newBrowserWorld(t)
			c := w.challenge()
			err := w.Finish(t.Context(), c.State, w.token(), tt.make(w, c))
			if dps.CodeOf(err) != dps.CodeInvalid || !strings.HasPrefix(err.Error(), "certificate: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if w.vault.content != nil {
				t.Error("something was stored")
			}
		})
	}
}

// TestAnotherDomain: with roots configured, only their certificates count.
func TestAnotherDomain(t *testing.T) {
	stranger := hubtest.Must(pki.NewRoot("stranger"))(t)
	w := newBrowserWorld(t, func(o *member.Options) { o.Roots = []*x509.Certificate{stranger.Certificate} })
	c := w.challenge()
	err := w.Finish(t.Context(), c.State, w.token(), w.sign(c))
	if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), "security domain") {
		t.Error(err)
	}
	w.o.Roots = []*x509.Certificate{w.hub.CA.Root.Certificate}
	w.restart()
	w.initialize()
}

// TestRenewingByTheBrowser needs the same owner and user, by the keys that are pinned.
func TestRenewingByTheBrowser(t *testing.T) {
	w := newBrowserWorld(t)
	w.initialize()
	before := w.leaf()
	w.hub.Clock.Advance(21 * 24 * time.Hour)
	if s := w.Status(); !s.NeedsToken {
		t.Errorf("%+v", s)
	}
	for _, token := range []string{"", w.another("sub"), w.another(d2dtest.OwnerClaim), w.hub.SignToken(t, jwt.SigningMethodES256, hubtest.Must(pki.NewKey())(t), d2dtest.KeyID, w.hub.Claims(nil))} {
		_, err := w.Renew(t.Context(), token)
		w.wantUnauthenticated(err)
	}
	c, err := w.Renew(t.Context(), w.token())
	if err != nil {
		t.Fatal(err)
	}
	w.want(w.Finish(t.Context(), c.State, w.token(), w.sign(*c)), "")
	after := w.leaf()
	if !after.NotAfter.After(before.NotAfter) || fmt.Sprint(after.PublicKey) == fmt.Sprint(before.PublicKey) || w.Status().NeedsToken {
		t.Errorf("%v, %v, %+v", before.NotAfter, after.NotAfter, w.Status())
	}
	w.hub.Clock.Advance(31 * 24 * time.Hour)
	_, err = w.Credentials()
	w.wantPrecondition(err)
}
