// Package oauthtest has OAuth servers and access tokens for tests of the hub's parts that are brought them.
package oauthtest

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"dps/localstack/hub/oauth"
)

// What the servers are made with.
const (
	Issuer        = "https://oauth.example.com"
	OwnerClaim    = "https://plgd.dev/owner"
	DeviceIDClaim = "https://plgd.dev/deviceId"
	clientID      = "service"
	clientSecret  = "secret"
)

// New makes a server that binds tokens to devices, by the clock given; nil is time.Now.
func New(t testing.TB, now func() time.Time) *oauth.Server {
	t.Helper()
	s, err := oauth.New(oauth.Options{
		Issuer: Issuer, OwnerClaim: OwnerClaim, DeviceIDClaim: DeviceIDClaim, Now: now,
		Clients: []oauth.Client{{Name: "plgd.dps", ID: clientID, Secret: clientSecret, GrantType: oauth.GrantClientCredentials}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Token asks a server made by New for an access token; an empty owner or device is left out.
func Token(t testing.TB, s *oauth.Server, owner, device string) string {
	t.Helper()
	form := url.Values{"grant_type": {"client_credentials"}, OwnerClaim: {owner}, DeviceIDClaim: {device}}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/oauth/token", strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.SetBasicAuth(clientID, clientSecret)
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.AccessToken == "" {
		t.Fatalf("no access token: %d %s", w.Code, w.Body)
	}
	return answer.AccessToken
}
