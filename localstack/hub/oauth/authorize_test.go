package oauth_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"
)

// page is the people's client, as golang.org/x/oauth2 has it.
func (w *world) page(secret string, style oauth2.AuthStyle) *oauth2.Config {
	return &oauth2.Config{
		ClientID: "page", ClientSecret: secret, RedirectURL: pageURL, Scopes: []string{"openid"},
		Endpoint: oauth2.Endpoint{AuthURL: w.url + "/authorize", TokenURL: w.url + "/oauth/token", AuthStyle: style},
	}
}

// authorize answers the log-in page and gives the query with which the person comes back.
func (w *world) authorize(t *testing.T, authURL, form string) url.Values {
	t.Helper()
	a := w.do(w.request(http.MethodPost, strings.TrimPrefix(authURL, w.url), form))
	location, err := url.Parse(a.header.Get("Location"))
	if err != nil || a.status != http.StatusFound {
		t.Fatalf("%d to %q: %s", a.status, a.header.Get("Location"), a.body)
	}
	back := *location
	back.RawQuery = ""
	if back.String() != "https://page.example.com/things" || location.Query().Get("from") != "hub" {
		t.Fatalf("sent to %s, not to the registered page", location)
	}
	return location.Query()
}

// code logs in as owner 7 and gives the code and its verifier.
func (w *world) code(t *testing.T) (code, verifier string) {
	t.Helper()
	verifier = oauth2.GenerateVerifier()
	q := w.authorize(t, w.page("", 0).AuthCodeURL("s", oauth2.S256ChallengeOption(verifier)), "owner=7")
	return q.Get("code"), verifier
}

func TestPeopleGetATokenForTheirCode(t *testing.T) {
	for name, c := range map[string]struct {
		secret string
		style  oauth2.AuthStyle
	}{
		"a page without a secret, found out by trying": {"", oauth2.AuthStyleAutoDetect},
		"a page without a secret, in the form":         {"", oauth2.AuthStyleInParams},
		"a page with its secret, HTTP Basic":           {"kept", oauth2.AuthStyleInHeader},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			config, verifier := w.page(c.secret, c.style), oauth2.GenerateVerifier()
			q := w.authorize(t, config.AuthCodeURL("a state & more", oauth2.S256ChallengeOption(verifier)), "owner=7")
			if q.Get("state") != "a state & more" || q.Has("error") {
				t.Fatalf("came back with %v", q)
			}
			token, err := config.Exchange(w.context(), q.Get("code"), oauth2.VerifierOption(verifier))
			if err != nil {
				t.Fatal(err)
			}
			_, claims := w.verify(token.AccessToken)
			if claims["sub"] != "7" || claims[ownerClaim] != "7" || claims["client_id"] != "page" || token.Extra("scope") != "openid" {
				t.Errorf("claims %v, scope %v", claims, token.Extra("scope"))
			}
		})
	}
}

func TestLogInPage(t *testing.T) {
	w := newWorld(t, nil)
	authURL := w.page("", 0).AuthCodeURL("s", oauth2.S256ChallengeOption(oauth2.GenerateVerifier()))
	a := w.do(w.request(http.MethodGet, strings.TrimPrefix(authURL, w.url), ""))
	if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		t.Fatalf("%d %s", a.status, a.header.Get("Content-Type"))
	}
	if !strings.Contains(a.body, html.EscapeString("plgd.<web>")) || strings.Contains(a.body, "<web>") {
		t.Errorf("the client's name is not shown as text:\n%s", a.body)
	}
	// A browser holds form-action against the redirect after the form too, and would strand people here.
	if csp := a.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || strings.Contains(csp, "form-action") {
		t.Errorf("Content-Security-Policy %q", csp)
	}
}

func TestAuthorizationRequestsAreRefused(t *testing.T) {
	w := newWorld(t, nil)
	good := url.Values{
		"response_type": {"code"}, "client_id": {"page"}, "redirect_uri": {pageURL}, "state": {"s"}, "scope": {"openid"},
		"code_challenge": {strings.Repeat("c", 43)}, "code_challenge_method": {"S256"},
	}
	for _, c := range []struct {
		name, key, value, owner string
		code                    string // "": a page that says so, and no redirect
	}{
		{"unknown client", "client_id", "nobody", "7", ""},
		{"a client that is no person's", "client_id", "service", "7", ""},
		{"unknown redirect", "redirect_uri", "https://evil.example.com/", "7", ""},
		{"another client's redirect", "redirect_uri", "https://other.example.com/", "7", ""},
		{"redirect with more path", "redirect_uri", pageURL + "/x", "7", ""},
		{"no redirect", "redirect_uri", "", "7", ""},
		{"implicit grant", "response_type", "token", "7", "unsupported_response_type"},
		{"no challenge", "code_challenge", "", "7", "invalid_request"},
		{"plain challenge", "code_challenge_method", "plain", "7", "invalid_request"},
		{"foreign scope", "scope", "openid admin", "7", "invalid_scope"},
		{"nobody logs in", "state", "s", "", "access_denied"},
	} {
		t.Run(c.name, func(t *testing.T) {
			q := url.Values{}
			for key := range good {
				q.Set(key, good.Get(key))
			}
			q.Set(c.key, c.value)
			if c.code != "" {
				back := w.authorize(t, "/authorize?"+q.Encode(), "owner="+c.owner)
				if back.Get("error") != c.code || back.Get("state") != "s" || back.Has("code") {
					t.Errorf("came back with %v, want error %q", back, c.code)
				}
				return
			}
			a := w.do(w.request(http.MethodPost, "/authorize?"+q.Encode(), "owner="+c.owner))
			if a.status != http.StatusBadRequest || a.header.Get("Location") != "" {
				t.Errorf("%d, Location %q", a.status, a.header.Get("Location"))
			}
		})
	}
}

func TestCodesAreRefused(t *testing.T) {
	for _, c := range []struct {
		name       string
		key, value string // of the form, changed
		after      time.Duration
		status     int
		code       string // "": granted
	}{
		{"in its last second", "", "", time.Minute - time.Second, 200, ""},
		{"expired", "", "", time.Minute, 400, "invalid_grant"},
		{"wrong verifier", "code_verifier", strings.Repeat("v", 43), 0, 400, "invalid_grant"},
		{"no verifier", "code_verifier", "", 0, 400, "invalid_grant"},
		{"other redirect", "redirect_uri", "https://other.example.com/", 0, 400, "invalid_grant"},
		{"no redirect", "redirect_uri", "", 0, 400, "invalid_grant"},
		{"another client's code", "client_id", "other", 0, 400, "invalid_grant"},
		{"no client", "client_id", "", 0, 400, "invalid_grant"},
		{"unknown code", "code", "nothing", 0, 400, "invalid_grant"},
		{"wrong secret", "client_secret", "stolen", 0, 401, "invalid_client"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, nil)
			code, verifier := w.code(t)
			form := url.Values{
				"grant_type": {"authorization_code"}, "client_id": {"page"}, "redirect_uri": {pageURL}, "code": {code}, "code_verifier": {verifier},
			}
			if c.key != "" {
				form.Set(c.key, c.value)
			}
			w.clock.Advance(c.after)
			a := w.ask(form)
			if c.code == "" {
				w.verify(w.accessToken(t, a))
				return
			}
			if got := a.problem(t); a.status != c.status || got != c.code {
				t.Errorf("%d %q, want %d %q", a.status, got, c.status, c.code)
			}
			if w.Minted() != 0 {
				t.Error("a token was minted")
			}
		})
	}
}

func TestACodeIsGoodForOneUseWhateverCameOfIt(t *testing.T) {
	for name, first := range map[string]string{"redeemed": "", "tried with a wrong verifier": strings.Repeat("v", 43)} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, nil)
			code, verifier := w.code(t)
			form := url.Values{
				"grant_type": {"authorization_code"}, "client_id": {"page"}, "redirect_uri": {pageURL}, "code": {code}, "code_verifier": {verifier},
			}
			if first != "" {
				form.Set("code_verifier", first)
			}
			if a := w.ask(form); (a.status == http.StatusOK) != (first == "") {
				t.Fatalf("first use: %d %s", a.status, a.body)
			}
			form.Set("code_verifier", verifier)
			if got := w.ask(form).problem(t); got != "invalid_grant" {
				t.Errorf("second use: %q", got)
			}
		})
	}
}
