package oauth_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"dps/localstack/hub/oauth"
)

func TestDiscoveryNamesWhatIsThere(t *testing.T) {
	w := newWorld(t, nil)
	var d struct {
		Issuer        string   `json:"issuer"`
		Authorization string   `json:"authorization_endpoint"`
		Token         string   `json:"token_endpoint"`
		Keys          string   `json:"jwks_uri"`
		Challenges    []string `json:"code_challenge_methods_supported"`
	}
	w.get("/.well-known/openid-configuration", &d)
	if d.Issuer != w.url {
		t.Errorf("issuer %q, served at %q", d.Issuer, w.url)
	}
	if diff := cmp.Diff([]string{"S256"}, d.Challenges); diff != "" {
		t.Error(diff)
	}
	for _, endpoint := range []struct{ method, url string }{
		{http.MethodGet, d.Authorization}, {http.MethodPost, d.Authorization}, {http.MethodPost, d.Token}, {http.MethodGet, d.Keys},
	} {
		path, ok := strings.CutPrefix(endpoint.url, w.url)
		if !ok {
			t.Fatalf("%s is elsewhere than %s", endpoint.url, w.url)
		}
		if a := w.do(w.request(endpoint.method, path, "")); a.status == http.StatusNotFound || a.status == http.StatusMethodNotAllowed {
			t.Errorf("%s %s: %d", endpoint.method, path, a.status)
		}
	}
}

func TestClientCredentialsGiveATokenForOwnerAndDevice(t *testing.T) {
	w := newWorld(t, nil)
	for name, style := range map[string]oauth2.AuthStyle{
		"HTTP Basic": oauth2.AuthStyleInHeader, "in the form": oauth2.AuthStyleInParams, "as it goes": oauth2.AuthStyleAutoDetect,
	} {
		t.Run(name, func(t *testing.T) {
			c := clientcredentials.Config{
				ClientID: "service", ClientSecret: oddSecret, TokenURL: w.url + "/oauth/token", Scopes: []string{"sign"}, AuthStyle: style,
				EndpointParams: url.Values{"audience": {audience}, ownerClaim: {"owner 1"}, deviceClaim: {deviceID}},
			}
			token, err := c.Token(w.context())
			if err != nil {
				t.Fatal(err)
			}
			if token.Type() != "Bearer" || token.Extra("expires_in") != oauth.TokenLifetime.Seconds() || token.Extra("scope") != "sign" {
				t.Errorf("type %q, %v s, scope %q", token.Type(), token.Extra("expires_in"), token.Extra("scope"))
			}
			_, claims := w.verify(token.AccessToken, audience)
			now := float64(w.clock.Now().Unix())
			want := map[string]any{
				"iss": w.url, "sub": "service", "client_id": "service", "aud": audience, "scope": []any{"sign"},
				"iat": now, "exp": now + oauth.TokenLifetime.Seconds(), ownerClaim: "owner 1", deviceClaim: deviceID,
			}
			if diff := cmp.Diff(want, claims); diff != "" {
				t.Errorf("claims (-want +got):\n%s", diff)
			}
		})
	}
	if got := w.Minted(); got != 3 {
		t.Errorf("%d tokens minted, 3 handed out", got)
	}
}

func TestTokensHoldOnlyWhatWasAskedFor(t *testing.T) {
	form := func(more ...string) url.Values {
		v := url.Values{"grant_type": {"client_credentials"}, "client_id": {"service"}, "client_secret": {oddSecret}}
		for i := 0; i < len(more); i += 2 {
			v.Set(more[i], more[i+1])
		}
		return v
	}
	for _, c := range []struct {
		name    string
		options func(*oauth.Options)
		form    url.Values
		want    map[string]any // of the claims below; nil: absent
	}{
		{"neither owner nor device", nil, form(), map[string]any{ownerClaim: nil, deviceClaim: nil, "scope": []any{"openid", "sign"}}},
		{"empty owner", nil, form(ownerClaim, "", deviceClaim, deviceID), map[string]any{ownerClaim: nil, deviceClaim: deviceID}},
		{"other claims are the server's", nil, form(ownerClaim, "1", "iss", "https://evil.example.com", "role", "admin"), map[string]any{ownerClaim: "1", "role": nil}},
		{"devices are not bound", func(o *oauth.Options) { o.DeviceIDClaim = "" }, form(ownerClaim, "1", deviceClaim, deviceID), map[string]any{ownerClaim: "1", deviceClaim: nil}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, c.options)
			_, claims := w.verify(w.accessToken(t, w.ask(c.form)))
			for name, want := range c.want {
				if diff := cmp.Diff(want, claims[name]); diff != "" {
					t.Errorf("claim %s (-want +got):\n%s", name, diff)
				}
			}
		})
	}
}

func TestTokenRequestsAreRefused(t *testing.T) {
	w := newWorld(t, nil)
	for _, c := range []struct {
		name   string
		change url.Values // nil value: left out
		status int
		code   string
	}{
		{"wrong secret", url.Values{"client_secret": {"p q"}}, 401, "invalid_client"},
		{"no secret", url.Values{"client_secret": nil}, 401, "invalid_client"},
		{"unknown client", url.Values{"client_id": {"nobody"}}, 401, "invalid_client"},
		{"no client", url.Values{"client_id": nil}, 401, "invalid_client"},
		{"a client for people", url.Values{"client_id": {"page"}, "client_secret": {"kept"}}, 400, "unauthorized_client"},
		{"a client for people without a secret", url.Values{"client_id": {"other"}, "client_secret": nil}, 401, "invalid_client"},
		{"no grant", url.Values{"grant_type": nil}, 400, "invalid_request"},
		{"unknown grant", url.Values{"grant_type": {"password"}}, 400, "unsupported_grant_type"},
		{"foreign scope", url.Values{"scope": {"openid admin"}}, 400, "invalid_scope"},
		{"foreign audience", url.Values{"audience": {"https://elsewhere.example.com"}}, 400, "invalid_target"},
		{"too long a form", url.Values{ownerClaim: {strings.Repeat("o", 16<<10)}}, 400, "invalid_request"},
	} {
		t.Run(c.name, func(t *testing.T) {
			form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"service"}, "client_secret": {oddSecret}, ownerClaim: {"1"}}
			for key, values := range c.change {
				form[key] = values
			}
			a := w.ask(form)
			if got := a.problem(t); a.status != c.status || got != c.code {
				t.Errorf("%d %q, want %d %q", a.status, got, c.status, c.code)
			}
			if challenge := a.header.Get("WWW-Authenticate"); (challenge != "") != (c.status == 401) {
				t.Errorf("WWW-Authenticate %q with status %d", challenge, c.status)
			}
			if a.header.Get("Cache-Control") != "no-store" {
				t.Error("the answer may be stored")
			}
		})
	}
	if got := w.Minted(); got != 0 {
		t.Errorf("%d tokens minted for refused requests", got)
	}
}

func TestBasicCredentialsThatAreNoFormEncodingAreRefused(t *testing.T) {
	w := newWorld(t, nil)
	r := w.request(http.MethodPost, "/oauth/token", "grant_type=client_credentials")
	r.SetBasicAuth("service", "%zz")
	a := w.do(r)
	if got := a.problem(t); a.status != 401 || got != "invalid_client" {
		t.Errorf("%d %q", a.status, got)
	}
}

func TestTokenEndpointTakesPostAlone(t *testing.T) {
	w := newWorld(t, nil)
	if a := w.do(w.request(http.MethodGet, "/oauth/token?grant_type=client_credentials", "")); a.status != http.StatusMethodNotAllowed {
		t.Errorf("GET: %d", a.status)
	}
}
