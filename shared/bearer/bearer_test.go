package bearer_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"dps/shared/bearer"
	"dps/shared/dps"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	audience   = "https://api.example.com"
	ownerClaim = "https://plgd.dev/owner"
)

// server is an OAuth server as far as its keys.
type server struct {
	*httptest.Server
	t *testing.T

	mu     sync.Mutex
	keys   map[string]crypto.Signer
	down   bool
	issuer string // "": its own
	reads  int    // of the key set
	now    time.Time
}

func newServer(t *testing.T) *server {
	s := &server{t: t, keys: map[string]crypto.Signer{"one": newECKey(t)}, now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC)}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	return s
}

func newECKey(t *testing.T) crypto.Signer {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (s *server) do(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

func (s *server) clock() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *server) pass(d time.Duration) { s.do(func() { s.now = s.now.Add(d) }) }

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	issuer := s.issuer
	if issuer == "" {
		issuer = s.URL
	}
	switch {
	case s.down:
		w.WriteHeader(http.StatusBadGateway)
	case r.URL.Path == "/.well-known/openid-configuration":
		_ = json.NewEncoder(w).Encode(map[string]string{"issuer": issuer, "jwks_uri": s.URL + "/keys"})
	case r.URL.Path == "/keys":
		s.reads++
		var set jose.JSONWebKeySet
		for id, key := range s.keys {
			set.Keys = append(set.Keys, jose.JSONWebKey{Key: key.Public(), KeyID: id, Use: "sig"})
		}
		_ = json.NewEncoder(w).Encode(set)
	default:
		http.NotFound(w, r)
	}
}

func (s *server) verifier(change func(*bearer.Options)) *bearer.Verifier {
	o := bearer.Options{Authority: s.URL, Audience: audience, OwnerClaim: ownerClaim, Client: s.Client(), Now: s.clock}
	if change != nil {
		change(&o)
	}
	v := bearer.New(o)
	s.t.Cleanup(func() { v.Close(); s.Client().CloseIdleConnections() })
	return v
}

func (s *server) claims(change func(jwt.MapClaims)) jwt.MapClaims {
	c := jwt.MapClaims{
		"iss": s.URL, "aud": audience, "sub": "someone", "name": "Some One", ownerClaim: "owner-1", "scope": "dps:read dps:write",
		"iat": s.clock().Unix(), "exp": s.clock().Add(time.Hour).Unix(),
	}
	if change != nil {
		change(c)
	}
	return c
}

func sign(t *testing.T, method jwt.SigningMethod, key any, id string, claims jwt.MapClaims) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	token.Header["kid"] = id
	signed, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + signed
}

func (s *server) token(change func(jwt.MapClaims)) string {
	return sign(s.t, jwt.SigningMethodES256, s.keys["one"], "one", s.claims(change))
}

func (s *server) want(v *bearer.Verifier, header string, code dps.Code) {
	s.t.Helper()
	_, err := v.Verify(s.t.Context(), header)
	if dps.CodeOf(err) != code {
		s.t.Errorf("%v, want code %q", err, code)
	}
	if _, token, _ := strings.Cut(header, " "); err != nil && len(token) > 20 && strings.Contains(err.Error(), token[len(token)-20:]) {
		s.t.Errorf("%v repeats the token", err)
	}
}

func TestAGoodToken(t *testing.T) {
	s := newServer(t)
	v := s.verifier(nil)
	caller, err := v.Verify(t.Context(), s.token(nil))
	if err != nil {
		t.Fatal(err)
	}
	if caller.Owner != "owner-1" || caller.Subject != "someone" || caller.Name != "Some One" || !caller.Has("dps:write") || caller.Has("dps:admin") {
		t.Errorf("%+v", caller)
	}
	s.want(v, strings.Replace(s.token(nil), "Bearer", "bearer", 1), "")
	listed, err := v.Verify(t.Context(), s.token(func(c jwt.MapClaims) { delete(c, "scope"); c["scp"] = []any{"a", 1, "b"} }))
	if err != nil || len(listed.Scopes) != 2 || !listed.Has("b") {
		t.Errorf("%+v, %v", listed, err)
	}
	if s.reads != 1 {
		t.Errorf("the keys were read %d times for 3 tokens", s.reads)
	}
}

// TestBadTokens are forged, stale, somebody else's, or nothing at all.
func TestBadTokens(t *testing.T) {
	s := newServer(t)
	v := s.verifier(nil)
	public, err := x509.MarshalPKIXPublicKey(s.keys["one"].Public())
	if err != nil {
		t.Fatal(err)
	}
	foreign := newECKey(t)
	good := s.token(nil)
	parts := strings.Split(good, ".")
	for name, header := range map[string]string{
		"none": "", "another scheme": "Basic dTpw", "empty": "Bearer ", "no JWT": "Bearer hush", "two parts": strings.Join(parts[:2], "."),
		"no signature":            parts[0] + "." + parts[1] + ".",
		"another's claims":        parts[0] + "." + strings.Split(s.token(func(c jwt.MapClaims) { c[ownerClaim] = "owner-2" }), ".")[1] + "." + parts[2],
		"alg none":                sign(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, "one", s.claims(nil)),
		"HMAC by the public key":  sign(t, jwt.SigningMethodHS256, public, "one", s.claims(nil)),
		"a foreign key":           sign(t, jwt.SigningMethodES256, foreign, "one", s.claims(nil)),
		"a foreign key's id":      sign(t, jwt.SigningMethodES256, foreign, "two", s.claims(nil)),
		"another issuer":          s.token(func(c jwt.MapClaims) { c["iss"] = "https://evil.example.com" }),
		"no issuer":               s.token(func(c jwt.MapClaims) { delete(c, "iss") }),
		"another audience":        s.token(func(c jwt.MapClaims) { c["aud"] = "https://other.example.com" }),
		"no audience":             s.token(func(c jwt.MapClaims) { delete(c, "aud") }),
		"expired":                 s.token(func(c jwt.MapClaims) { c["exp"] = s.clock().Add(-bearer.Leeway - time.Second).Unix() }),
		"without end":             s.token(func(c jwt.MapClaims) { delete(c, "exp") }),
		"end of another type":     s.token(func(c jwt.MapClaims) { c["exp"] = "tomorrow" }),
		"not yet valid":           s.token(func(c jwt.MapClaims) { c["nbf"] = s.clock().Add(bearer.Leeway + time.Second).Unix() }),
		"no owner":                s.token(func(c jwt.MapClaims) { delete(c, ownerClaim) }),
		"owner of another type":   s.token(func(c jwt.MapClaims) { c[ownerClaim] = []any{"owner-1"} }),
		"owner that is no key":    s.token(func(c jwt.MapClaims) { c[ownerClaim] = "a\x00b" }),
		"empty owner":             s.token(func(c jwt.MapClaims) { c[ownerClaim] = "" }),
		"larger than any header":  "Bearer " + strings.Repeat("x", 17<<10),
		"a token and more":        good + " more",
		"a token after the token": good + "." + parts[2],
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			s.want(v, header, dps.CodeDenied)
		})
	}
	s.t = t
	s.want(v, s.token(func(c jwt.MapClaims) { c["exp"] = s.clock().Add(-bearer.Leeway + time.Second).Unix() }), "")
}

func TestRSA(t *testing.T) {
	s := newServer(t)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	s.keys["rsa"] = key
	v := s.verifier(nil)
	s.want(v, sign(t, jwt.SigningMethodRS256, key, "rsa", s.claims(nil)), "")
	s.want(v, sign(t, jwt.SigningMethodPS256, key, "rsa", s.claims(nil)), "")
	s.want(v, sign(t, jwt.SigningMethodRS256, key, "one", s.claims(nil)), dps.CodeDenied) // the key of another kind
}

func TestRotation(t *testing.T) {
	s := newServer(t)
	v := s.verifier(nil)
	old := s.token(nil)
	s.want(v, old, "")
	next := newECKey(t)
	s.do(func() { s.keys = map[string]crypto.Signer{"two": next} })
	rotated := sign(t, jwt.SigningMethodES256, next, "two", s.claims(nil))
	s.want(v, rotated, dps.CodeDenied) // asked just now: strangers' key ids cost no more than one request in a while
	s.pass(11 * time.Second)
	s.want(v, rotated, "")
	s.want(v, old, dps.CodeDenied) // its key is withdrawn
	if s.reads != 2 {
		t.Errorf("the keys were read %d times", s.reads)
	}
}

func TestStrangersCostOneRequestInAWhile(t *testing.T) {
	s := newServer(t)
	v := s.verifier(nil)
	stranger := newECKey(t)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			s.want(v, sign(t, jwt.SigningMethodES256, stranger, strings.Repeat("x", i), s.claims(nil)), dps.CodeDenied)
		})
	}
	all.Wait()
	if s.reads != 1 {
		t.Errorf("the keys were read %d times", s.reads)
	}
}

func TestAnOAuthServerInTrouble(t *testing.T) {
	s := newServer(t)
	v := s.verifier(nil)
	s.do(func() { s.down = true })
	s.want(v, s.token(nil), dps.CodeUnavailable)
	s.do(func() { s.down = false })
	s.want(v, s.token(nil), dps.CodeUnavailable) // it is left alone for a moment
	s.pass(11 * time.Second)
	s.want(v, s.token(nil), "")
	s.do(func() { s.down = true })
	s.pass(2 * time.Hour)
	s.want(v, s.token(nil), "") // the last keys it gave
	other := s.verifier(func(o *bearer.Options) { o.Authority = "https://127.0.0.1:1" })
	s.want(other, s.token(nil), dps.CodeUnavailable)
}

func TestAServerOfAnotherName(t *testing.T) {
	s := newServer(t)
	s.issuer = "https://evil.example.com"
	s.want(s.verifier(nil), s.token(nil), dps.CodeUnavailable)
}

func TestDefaults(t *testing.T) {
	s := newServer(t)
	v := s.verifier(func(o *bearer.Options) { o.OwnerClaim, o.Audience = "", "" })
	caller, err := v.Verify(t.Context(), s.token(func(c jwt.MapClaims) { c["aud"] = "any" }))
	if err != nil || caller.Owner != "someone" {
		t.Errorf("%+v, %v", caller, err)
	}
}

func FuzzVerify(f *testing.F) {
	f.Add("Bearer a.b.c")
	f.Add("Bearer eyJhbGciOiJub25lIn0.e30.")
	f.Add("bearer  x")
	v := bearer.New(bearer.Options{Authority: "https://127.0.0.1:1", Client: &http.Client{Transport: refuse{}}})
	f.Cleanup(v.Close)
	f.Fuzz(func(t *testing.T, header string) {
		if _, err := v.Verify(t.Context(), header); err == nil {
			t.Fatal("a token without any key is good")
		}
	})
}

type refuse struct{}

func (refuse) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrServerClosed }
