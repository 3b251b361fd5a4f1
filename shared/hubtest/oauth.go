package hubtest

import (
	"crypto/tls"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"dps/shared/dps"
	"dps/shared/pki"
)

// OAuth is an OAuth server: discovery and token endpoint. Set the hooks before the calls they are for, with Do.
type OAuth struct {
	URL  string
	root *pki.Pair

	mu             sync.Mutex
	discoveries    int
	grants         int
	forms          []url.Values
	OnDiscovery    http.HandlerFunc                                   // replaces the discovery document
	OnToken        http.HandlerFunc                                   // replaces the token endpoint
	Claims         func(form url.Values, claims map[string]any)       // changes what is granted
	Answer         func(answer map[string]any)                        // changes the token response
	Authentication func(r *http.Request, id, secret string) (ok bool) // nil: HTTP Basic
	Lifetime       time.Duration                                      // 0: an hour
}

// NewOAuth starts the server with a certificate of root; it ends with the test.
func NewOAuth(t testing.TB, root *pki.Pair) *OAuth {
	t.Helper()
	o := &OAuth{root: root}
	leaf := Must(root.NewLeaf("oauth", pki.Hosts("127.0.0.1")))(t)
	server := httptest.NewUnstartedServer(o)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{leaf.TLS()}, MinVersion: tls.VersionTLS12}
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	o.URL = server.URL
	return o
}

// Do changes the hooks while no request is looking at them.
func (o *OAuth) Do(change func(*OAuth)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change(o)
}

// Settings are what a hub's entry says of the server.
func (o *OAuth) Settings() dps.Authorization {
	return dps.Authorization{
		OwnerClaim: OwnerClaim, DeviceIDClaim: DeviceIDClaim,
		Provider: dps.OAuthProvider{
			Name: "plgd", Authority: o.URL, ClientID: ClientID, ClientSecret: ClientSecretRef,
			Scopes: []string{"a", "b"}, Audience: "the audience",
			HTTP: dps.HTTPClient{
				MaxIdleConns: 16, MaxConnsPerHost: 32, MaxIdleConnsPerHost: 16, IdleConnTimeout: 30 * time.Second, Timeout: 10 * time.Second,
				TLS: dps.ClientTLS{CAPool: string(o.root.CertificatePEM())},
			},
		},
	}
}

// Calls tells how often each endpoint was called.
func (o *OAuth) Calls() (discoveries, grants int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.discoveries, o.grants
}

// Forms gives the forms of the token requests so far.
func (o *OAuth) Forms() []url.Values {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append([]url.Values(nil), o.forms...)
}

// ServeHTTP implements http.Handler.
func (o *OAuth) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	if hook := o.note(r); hook != nil {
		hook(w, r)
		return
	}
	switch r.URL.Path {
	case "/.well-known/openid-configuration":
		WriteJSON(w, http.StatusOK, map[string]any{"issuer": o.URL + "/", "token_endpoint": o.URL + "/token"})
	case "/token":
		o.grant(w, r)
	default:
		http.NotFound(w, r)
	}
}

func (o *OAuth) note(r *http.Request) http.HandlerFunc {
	o.mu.Lock()
	defer o.mu.Unlock()
	if r.URL.Path == "/token" {
		o.grants++
		o.forms = append(o.forms, r.PostForm)
		return o.OnToken
	}
	o.discoveries++
	return o.OnDiscovery
}

func (o *OAuth) grant(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	authentication, change, answer, lifetime := o.Authentication, o.Claims, o.Answer, o.Lifetime
	o.mu.Unlock()
	if authentication == nil {
		authentication = basic
	}
	if !authentication(r, url.QueryEscape(ClientID), url.QueryEscape(ClientSecret)) {
		WriteJSON(w, http.StatusUnauthorized, map[string]any{"error": "invalid_client"})
		return
	}
	if lifetime == 0 {
		lifetime = time.Hour
	}
	claims := map[string]any{"exp": time.Now().Add(lifetime).Unix(), "jti": dps.NewUUID()}
	for _, c := range []string{OwnerClaim, DeviceIDClaim} {
		if v := r.PostForm.Get(c); v != "" {
			claims[c] = v
		}
	}
	if change != nil {
		change(r.PostForm, claims)
	}
	body := map[string]any{"access_token": JWT(claims), "token_type": "Bearer", "expires_in": int(lifetime.Seconds())}
	if answer != nil {
		answer(body)
	}
	WriteJSON(w, http.StatusOK, body)
}

func basic(r *http.Request, id, secret string) bool {
	user, password, ok := r.BasicAuth()
	return ok && user == id && password == secret
}

// JWT makes a token with these claims and a signature that nobody could verify.
func JWT(claims map[string]any) string {
	payload, _ := json.Marshal(claims)
	b := base64.RawURLEncoding
	return b.EncodeToString([]byte(`{"alg":"ES256"}`)) + "." + b.EncodeToString(payload) + "." + b.EncodeToString([]byte("signature"))
}

// WriteJSON answers.
func WriteJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
