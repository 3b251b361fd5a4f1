package oauth_test

import (
	"context"
	"crypto/ecdsa"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"dps/localstack/hub/oauth"
	"dps/localstack/hub/oauth/oauthtest"
	"dps/shared/pki"
)

func TestVerifyTakesItsOwnTokensUntilTheyEnd(t *testing.T) {
	now := newClock()
	s := oauthtest.New(t, now.Now)
	token := oauthtest.Token(t, s, "1", deviceID)
	now.Advance(oauth.TokenLifetime - time.Second)
	claims, err := s.Verify(token)
	if err != nil || claims[ownerClaim] != "1" || claims[deviceClaim] != deviceID {
		t.Fatalf("%v, %v", claims, err)
	}
	now.Advance(time.Second)
	if _, err := s.Verify(token); err == nil {
		t.Error("a token that has ended is taken")
	}
}

func TestVerifyRefusesWhatItDidNotSign(t *testing.T) {
	now := newClock()
	s := oauthtest.New(t, now.Now)
	good := oauthtest.Token(t, s, "1", "")
	parsed, err := jwt.ParseSigned(good, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		t.Fatal(err)
	}
	kid := parsed.Headers[0].KeyID
	stranger, err := pki.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	part := strings.Split(good, ".")
	claims := map[string]any{"iss": oauthtest.Issuer, "exp": now.Now().Add(time.Hour).Unix(), ownerClaim: "1"}
	none := base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none","kid":"`+kid+`"}`)) + "." + part[1] + "."
	for name, token := range map[string]string{
		"empty":                         "",
		"not a token":                   "garbage",
		"another's key, this key's id":  signed(t, jose.ES256, stranger, kid, claims),
		"another's key, unknown id":     signed(t, jose.ES256, stranger, "x", claims),
		"claims changed":                part[0] + "." + base64.RawURLEncoding.EncodeToString([]byte(`{"iss":"`+oauthtest.Issuer+`","exp":4102444800}`)) + "." + part[2],
		"no signature":                  part[0] + "." + part[1] + ".",
		"algorithm none":                none,
		"shared secret":                 signed(t, jose.HS256, []byte(strings.Repeat("k", 32)), kid, claims),
		"token of another server alike": oauthtest.Token(t, oauthtest.New(t, now.Now), "1", ""),
	} {
		if _, err := s.Verify(token); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestVerifyRefusesTokensWithoutIssuerOrEnd(t *testing.T) {
	now := newClock()
	s := oauthtest.New(t, now.Now)
	for name, f := range map[string]*oauth.Fault{
		"other issuer":     {Claims: map[string]string{"iss": "https://elsewhere.example.com"}},
		"no issuer":        {Claims: map[string]string{"iss": ""}},
		"ended when given": {Lifetime: -time.Second},
	} {
		s.SetFault(f)
		if _, err := s.Verify(oauthtest.Token(t, s, "1", "")); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	s.SetFault(nil)
	if _, err := s.Verify(oauthtest.Token(t, s, "1", "")); err != nil {
		t.Errorf("mended: %v", err)
	}
}

func TestKeysRotate(t *testing.T) {
	w := newWorld(t, nil)
	token := func() string { return w.accessToken(t, w.ask(serviceForm())) }
	before := token()
	if err := w.RotateKey(); err != nil {
		t.Fatal(err)
	}
	oldID, _ := w.verify(before)
	newID, _ := w.verify(token())
	if oldID == newID {
		t.Error("the new key does not sign")
	}
	if _, err := w.Verify(before); err != nil {
		t.Errorf("what the old key signed is no longer good: %v", err)
	}
}

func TestFaultsOfTheTokenEndpoint(t *testing.T) {
	w := newWorld(t, nil)
	w.SetFault(&oauth.Fault{Status: http.StatusServiceUnavailable})
	if a := w.ask(serviceForm()); a.status != http.StatusServiceUnavailable {
		t.Errorf("%d", a.status)
	}
	w.SetFault(&oauth.Fault{Garbage: true})
	if a := w.ask(serviceForm()); a.status != http.StatusOK || !strings.HasPrefix(a.body, "<html>") {
		t.Errorf("%d %q", a.status, a.body)
	}
	w.SetFault(&oauth.Fault{Claims: map[string]string{ownerClaim: "2", "sub": ""}})
	_, claims := w.verify(w.accessToken(t, w.ask(serviceForm())))
	if _, has := claims["sub"]; has || claims[ownerClaim] != "2" {
		t.Errorf("claims %v", claims)
	}
}

func TestADelayEndsWithItsRequest(t *testing.T) {
	s := oauthtest.New(t, nil)
	s.SetFault(&oauth.Fault{Delay: time.Hour})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("the client has left"))
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "/.well-known/jwks.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	s.ServeHTTP(nil, r) // returns, having written nothing
}

func serviceForm() map[string][]string {
	return map[string][]string{"grant_type": {"client_credentials"}, "client_id": {"service"}, "client_secret": {oddSecret}, ownerClaim: {"1"}}
}

// signed is a token that the server did not sign.
func signed[K *ecdsa.PrivateKey | []byte](t *testing.T, alg jose.SignatureAlgorithm, key K, kid string, claims any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: key}, new(jose.SignerOptions).WithHeader("kid", kid))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}
