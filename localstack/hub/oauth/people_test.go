package oauth_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"golang.org/x/oauth2"

	"dps/localstack/hub/oauth"
)

const consoleURL = "http://127.0.0.1:9100/callback"

func browsers(o *oauth.Options) {
	o.Clients = append(o.Clients, oauth.Client{
		Name: "console", ID: "console", RedirectURL: "https://console.example.com/", RedirectURLs: []string{"http://127.0.0.1/callback"},
		LogoutURLs: []string{"http://127.0.0.1/"}, Scopes: []string{"openid", "dps:read", "dps:write", "dps:admin"},
	})
}

// logIn goes through the console's log-in, and gives the token; the address and the form are added to.
func (w *world) logIn(t *testing.T, form string, scopes []string, opts ...oauth2.AuthCodeOption) *oauth2.Token {
	t.Helper()
	c := &oauth2.Config{ClientID: "console", RedirectURL: consoleURL, Scopes: scopes, Endpoint: oauth2.Endpoint{AuthURL: "/authorize", TokenURL: w.url + "/oauth/token"}}
	verifier := oauth2.GenerateVerifier()
	a := w.do(w.request(http.MethodPost, c.AuthCodeURL("s", append(opts, oauth2.S256ChallengeOption(verifier))...), form))
	back, err := url.Parse(a.header.Get("Location"))
	if err != nil || !strings.HasPrefix(back.String(), consoleURL+"?") {
		t.Fatalf("%d to %q: %s", a.status, back, a.body)
	}
	token, err := c.Exchange(w.context(), back.Query().Get("code"), oauth2.VerifierOption(verifier))
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestPeopleChooseTheirAccess(t *testing.T) {
	all := []string{"openid", "dps:read", "dps:write", "dps:admin"}
	for _, c := range []struct {
		name, form string
		asked      []string
		want       string
	}{
		{"administrator", "owner=7&access=admin", all, "openid dps:read dps:write dps:admin"},
		{"operator", "owner=7&access=write", all, "openid dps:read dps:write"},
		{"read-only", "owner=7&access=read", all, "openid dps:read"},
		{"no choice", "owner=7", all, "openid dps:read dps:write dps:admin"},
		{"no more than is asked for", "owner=7&access=admin", []string{"openid", "dps:read"}, "openid dps:read"},
		{"no scope of the API would be no limit", "owner=7&access=read", []string{"dps:admin"}, "dps:read"},
		{"another API", "owner=7&access=read", []string{"openid"}, "openid"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, browsers)
			token := w.logIn(t, c.form, c.asked)
			_, claims := w.verify(token.AccessToken)
			var scopes []string
			for _, s := range claims["scope"].([]any) {
				scopes = append(scopes, s.(string))
			}
			if got := strings.Join(scopes, " "); got != c.want || token.Extra("scope") != c.want {
				t.Errorf("granted %q, said %q, want %q", got, token.Extra("scope"), c.want)
			}
			if hasID := token.Extra("id_token") != nil; hasID != slices.Contains(scopes, "openid") {
				t.Errorf("ID token: %v", hasID)
			}
		})
	}
}

func TestTheIDTokenSaysWhoHasLoggedIn(t *testing.T) {
	w := newWorld(t, browsers)
	token := w.logIn(t, "owner=7&access=read", []string{"openid"}, oauth2.SetAuthURLParam("nonce", "n-1"))
	_, claims := w.verify(token.Extra("id_token").(string), "console")
	for name, want := range map[string]any{"sub": "7", "nonce": "n-1", "name": "Owner 7", "aud": "console"} {
		if claims[name] != want {
			t.Errorf("claim %s is %v, want %v", name, claims[name], want)
		}
	}
}

func TestAnAccessThatIsNoneIsRefused(t *testing.T) {
	w := newWorld(t, browsers)
	for name, form := range map[string]string{"unknown access": "owner=7&access=root", "cancelled": "owner=7&access=read&answer=deny"} {
		q := url.Values{
			"response_type": {"code"}, "client_id": {"console"}, "redirect_uri": {consoleURL}, "scope": {"openid"},
			"code_challenge": {strings.Repeat("c", 43)}, "code_challenge_method": {"S256"},
		}
		a := w.do(w.request(http.MethodPost, "/authorize?"+q.Encode(), form))
		if got := a.header.Get("Location"); got != consoleURL+"?error=access_denied" {
			t.Errorf("%s: %d %q", name, a.status, got)
		}
	}
}

func TestNobodyStaysLoggedIn(t *testing.T) {
	w := newWorld(t, browsers)
	a := w.do(w.request(http.MethodGet, "/authorize?prompt=none&response_type=code&client_id=console&code_challenge_method=S256&code_challenge=c&redirect_uri="+url.QueryEscape(consoleURL), ""))
	if got := a.header.Get("Location"); got != consoleURL+"?error=login_required" {
		t.Errorf("%d %q", a.status, got)
	}
}

func TestLogOutLeadsOnlyToWhereAClientRegistered(t *testing.T) {
	w := newWorld(t, browsers)
	for query, want := range map[string]string{
		"": "", "?post_logout_redirect_uri=http://127.0.0.1:9100/": "http://127.0.0.1:9100/",
		"?client_id=console&state=a%26b&post_logout_redirect_uri=http://127.0.0.1:9100/": "http://127.0.0.1:9100/?state=a%26b",
		"?client_id=page&post_logout_redirect_uri=http://127.0.0.1:9100/":                "",
		"?post_logout_redirect_uri=https://evil.example.com/":                            "",
		"?post_logout_redirect_uri=" + url.QueryEscape(consoleURL):                       "",
	} {
		a := w.do(w.request(http.MethodGet, "/logout"+query, ""))
		if got := a.header.Get("Location"); got != want || want == "" && !strings.Contains(a.body, "Logged out") {
			t.Errorf("%s: %d to %q, want %q", query, a.status, got, want)
		}
	}
}

func TestPagesOfOtherOriginsMayAskForTokens(t *testing.T) {
	w := newWorld(t, browsers)
	for path, method := range map[string]string{
		"/.well-known/openid-configuration": http.MethodGet, "/.well-known/jwks.json": http.MethodGet, "/oauth/token": http.MethodPost, "/oauth/device": http.MethodPost,
	} {
		for _, m := range []string{method, http.MethodOptions} {
			r := w.request(m, path, "")
			r.Header.Set("Origin", "https://console.example.com")
			r.Header.Set("Sec-Fetch-Site", "cross-site")
			a := w.do(r)
			if a.header.Get("Access-Control-Allow-Origin") != "*" || a.header.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s %s: %v", m, path, a.header)
			}
			if m == http.MethodOptions && (a.status != http.StatusNoContent || !strings.Contains(a.header.Get("Access-Control-Allow-Headers"), "Authorization")) {
				t.Errorf("preflight of %s: %d %v", path, a.status, a.header)
			}
		}
	}
	if a := w.do(w.request(http.MethodGet, "/logout", "")); a.header.Get("Access-Control-Allow-Origin") != "" {
		t.Error("a page may read another page")
	}
}

func TestTheStylesheetIsServed(t *testing.T) {
	w := newWorld(t, nil)
	if a := w.do(w.request(http.MethodGet, "/style.css", "")); a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "text/css") {
		t.Errorf("%d %v", a.status, a.header)
	}
}

func TestServersBesideEachOtherShareKeysAndNotClients(t *testing.T) {
	w := newWorld(t, nil)
	const issuer = "http://127.0.0.1:1"
	beside := w.Beside(issuer, oauth.Client{
		Name: "ci", ID: "ci", Secret: "kept", GrantType: oauth.GrantClientCredentials, Scopes: []string{"dps:read"}, Owner: "1",
	})
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {"ci"}, "client_secret": {"kept"}}
	if got := w.ask(form).problem(t); got != "invalid_client" {
		t.Errorf("the first server: %q", got)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/oauth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	rec := httptest.NewRecorder()
	beside.ServeHTTP(rec, r)
	token := w.accessToken(t, answer{status: rec.Code, body: rec.Body.String()})
	for name, s := range map[string]*oauth.Server{"the first": w.Server, "the one beside": beside} {
		claims, err := s.Verify(token)
		if err != nil || claims["iss"] != issuer || claims[ownerClaim] != "1" {
			t.Errorf("%s: %v %v", name, err, claims)
		}
	}
	var keys jose.JSONWebKeySet
	w.get("/.well-known/jwks.json", &keys)
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil || len(keys.Key(parsed.Headers[0].KeyID)) != 1 {
		t.Errorf("%v: the first server's keys lack the token's", err)
	}
}
