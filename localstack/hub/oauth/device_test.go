package oauth_test

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/oauth2"

	"dps/localstack/hub/oauth"
)

// terminals adds the client of a program without a browser.
func terminals(o *oauth.Options) {
	o.Clients = append(o.Clients, oauth.Client{
		Name: "dpsctl", ID: "cli", GrantType: oauth.GrantDeviceCode, Audience: audience,
		Scopes: []string{"openid", "dps:read", "dps:write", "dps:admin"},
	})
}

func terminal(w *world) *oauth2.Config {
	return &oauth2.Config{ClientID: "cli", Scopes: []string{"openid", "dps:read", "dps:write"}, Endpoint: oauth2.Endpoint{
		DeviceAuthURL: w.url + "/oauth/device", TokenURL: w.url + "/oauth/token", AuthStyle: oauth2.AuthStyleInParams,
	}}
}

// begin asks for codes.
func (w *world) begin(t *testing.T) *oauth2.DeviceAuthResponse {
	t.Helper()
	codes, err := terminal(w).DeviceAuth(w.context())
	if err != nil {
		t.Fatal(err)
	}
	return codes
}

// poll asks once whether the person has answered, and gives the error's code; "" with a token.
func (w *world) poll(t *testing.T, codes *oauth2.DeviceAuthResponse) (string, answer) {
	t.Helper()
	a := w.ask(url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {"cli"}, "device_code": {codes.DeviceCode}})
	if a.status == http.StatusOK {
		return "", a
	}
	return a.problem(t), a
}

func (w *world) approve(form string) answer {
	return w.do(w.request(http.MethodPost, "/device", form))
}

func TestAPersonLogsInATerminal(t *testing.T) {
	w := newWorld(t, terminals)
	codes := w.begin(t)
	if codes.VerificationURI != w.url+"/device" || !strings.HasSuffix(codes.VerificationURIComplete, "?user_code="+codes.UserCode) || codes.Interval != 1 {
		t.Errorf("%+v", codes)
	}
	w.clock.Advance(time.Second)
	if got, _ := w.poll(t, codes); got != "authorization_pending" {
		t.Fatalf("before the answer: %q", got)
	}
	page := w.do(w.request(http.MethodGet, strings.TrimPrefix(codes.VerificationURIComplete, w.url), ""))
	if page.status != http.StatusOK || !strings.Contains(page.body, codes.UserCode) || !strings.Contains(page.body, "dpsctl") {
		t.Fatalf("%d %s", page.status, page.body)
	}
	said := w.approve("answer=allow&owner=7&access=read&user_code=" + strings.ToLower(codes.UserCode))
	if said.status != http.StatusOK || !strings.Contains(said.body, "Logged in") {
		t.Fatalf("%d %s", said.status, said.body)
	}
	w.clock.Advance(time.Second)
	problem, a := w.poll(t, codes)
	if problem != "" {
		t.Fatal(problem)
	}
	_, claims := w.verify(w.accessToken(t, a), audience)
	if claims[ownerClaim] != "7" || !slices.Equal(claims["scope"].([]any), []any{"openid", "dps:read"}) {
		t.Errorf("claims %v", claims)
	}
	w.clock.Advance(time.Second)
	if got, _ := w.poll(t, codes); got != "invalid_grant" {
		t.Errorf("a second time: %q", got)
	}
}

func TestTheLibraryLogsIn(t *testing.T) {
	w := newWorld(t, terminals)
	codes := w.begin(t)
	w.approve("answer=allow&owner=7&access=admin&user_code=" + codes.UserCode)
	w.clock.Advance(time.Minute)
	token, err := terminal(w).DeviceAccessToken(w.context(), codes)
	if err != nil || token.Extra("scope") != "openid dps:read dps:write" || token.Extra("id_token") == nil {
		t.Errorf("%v, scope %v", err, token.Extra("scope"))
	}
}

func TestAPersonRefusesATerminal(t *testing.T) {
	w := newWorld(t, terminals)
	codes := w.begin(t)
	if said := w.approve("answer=deny&owner=7&user_code=" + codes.UserCode); !strings.Contains(said.body, "Not logged in") {
		t.Errorf("%s", said.body)
	}
	w.clock.Advance(time.Minute)
	_, err := terminal(w).DeviceAccessToken(w.context(), codes)
	if e := (*oauth2.RetrieveError)(nil); !errors.As(err, &e) || e.ErrorCode != "access_denied" {
		t.Errorf("%v", err)
	}
	if w.Minted() != 0 {
		t.Error("a token was minted")
	}
}

func TestATerminalThatAsksTooOftenIsSlowedDown(t *testing.T) {
	w := newWorld(t, terminals)
	codes := w.begin(t)
	for _, step := range []struct {
		after time.Duration
		want  string
	}{
		{999 * time.Millisecond, "slow_down"}, {time.Second, "slow_down"}, {10 * time.Second, "slow_down"}, // 1, 6, 11 seconds
		{16 * time.Second, "authorization_pending"}, {10 * time.Minute, "expired_token"}, {20 * time.Minute, "expired_token"},
	} {
		w.clock.Advance(step.after)
		if got, _ := w.poll(t, codes); got != step.want {
			t.Fatalf("%v later: %q, want %q", step.after, got, step.want)
		}
	}
}

func TestCodesThatNobodyWaitsFor(t *testing.T) {
	w := newWorld(t, terminals)
	codes := w.begin(t)
	w.approve("answer=allow&owner=7&access=read&user_code=" + codes.UserCode)
	late := w.begin(t)
	w.clock.Advance(10 * time.Minute)
	for name, code := range map[string]string{"unknown": "BBBB-BBBB", "none": "", "answered": codes.UserCode, "expired": late.UserCode} {
		if a := w.approve("answer=allow&owner=8&access=admin&user_code=" + code); a.status != http.StatusNotFound || !strings.Contains(a.body, "No log-in waits") {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
	if a := w.do(w.request(http.MethodGet, "/device", "")); a.status != http.StatusOK || !strings.Contains(a.body, `name="user_code"`) {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestDeviceAuthorizationIsRefused(t *testing.T) {
	w := newWorld(t, terminals)
	for name, c := range map[string]struct {
		form   string
		status int
		code   string
	}{
		"unknown client":   {"client_id=nobody", 401, "invalid_client"},
		"no client":        {"", 401, "invalid_client"},
		"wrong secret":     {"client_id=cli&client_secret=x", 401, "invalid_client"},
		"client of a page": {"client_id=page", 400, "unauthorized_client"},
		"foreign scope":    {"client_id=cli&scope=sign", 400, "invalid_scope"},
		"too long a form":  {"client_id=cli&scope=" + strings.Repeat("s", 16<<10), 400, "invalid_request"},
	} {
		a := w.do(w.request(http.MethodPost, "/oauth/device", c.form))
		if got := a.problem(t); a.status != c.status || got != c.code {
			t.Errorf("%s: %d %q, want %d %q", name, a.status, got, c.status, c.code)
		}
	}
	codes := w.begin(t)
	a := w.ask(url.Values{"grant_type": {"urn:ietf:params:oauth:grant-type:device_code"}, "client_id": {"page"}, "device_code": {codes.DeviceCode}})
	if got := a.problem(t); got != "unauthorized_client" {
		t.Errorf("another client's poll: %q", got)
	}
}

func TestAnApprovalFromAnotherSiteIsNotTaken(t *testing.T) {
	w := newWorld(t, terminals)
	codes := w.begin(t)
	r := w.request(http.MethodPost, "/device", "answer=allow&owner=7&access=admin&user_code="+codes.UserCode)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	if a := w.do(r); a.status != http.StatusForbidden {
		t.Errorf("%d %s", a.status, a.body)
	}
	w.clock.Advance(time.Second)
	if got, _ := w.poll(t, codes); got != "authorization_pending" {
		t.Errorf("%q", got)
	}
}

func TestDiscoveryNamesTheDeviceFlow(t *testing.T) {
	w := newWorld(t, terminals)
	var d struct {
		Device string   `json:"device_authorization_endpoint"`
		Grants []string `json:"grant_types_supported"`
	}
	w.get("/.well-known/openid-configuration", &d)
	if d.Device != w.url+"/oauth/device" || !slices.Contains(d.Grants, "urn:ietf:params:oauth:grant-type:device_code") {
		b, _ := json.Marshal(d)
		t.Errorf("%s", b)
	}
}
