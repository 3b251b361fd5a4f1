package oauth_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"go.uber.org/goleak"
	"golang.org/x/oauth2"

	"dps/localstack/hub/oauth"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	ownerClaim  = "https://plgd.dev/owner"
	deviceClaim = "https://plgd.dev/deviceId"
	audience    = "https://api.example.com"
	pageURL     = "https://page.example.com/things?from=hub"
	oddSecret   = "p+q&r: %41 ü"
	deviceID    = "8b0e0c3a-59a6-4f4e-8d0c-9f8e8b9b4f11"
)

// clock stands still until it is moved.
type clock struct{ nanoseconds atomic.Int64 }

func newClock() *clock {
	c := &clock{}
	c.nanoseconds.Store(time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC).UnixNano())
	return c
}

func (c *clock) Now() time.Time          { return time.Unix(0, c.nanoseconds.Load()).UTC() }
func (c *clock) Advance(d time.Duration) { c.nanoseconds.Add(int64(d)) }

// world is a server on a TLS socket, and a browser that follows no redirect.
type world struct {
	*oauth.Server
	t      *testing.T
	url    string
	clock  *clock
	client *http.Client
}

func newWorld(t *testing.T, change func(*oauth.Options)) *world {
	t.Helper()
	ts := httptest.NewUnstartedServer(nil)
	w := &world{t: t, url: "https://" + ts.Listener.Addr().String(), clock: newClock()}
	o := oauth.Options{
		Issuer: w.url, OwnerClaim: ownerClaim, DeviceIDClaim: deviceClaim, Now: w.clock.Now,
		Clients: []oauth.Client{
			{Name: "plgd.dps", ID: "service", Secret: oddSecret, GrantType: oauth.GrantClientCredentials, Scopes: []string{"openid", "sign"}, Audience: audience},
			{Name: "plgd.<web>", ID: "page", Secret: "kept", Scopes: []string{"openid", "profile"}, RedirectURL: pageURL},
			{Name: "other.web", ID: "other", Scopes: []string{"openid"}, RedirectURL: "https://other.example.com/"},
		},
	}
	if change != nil {
		change(&o)
	}
	var err error
	if w.Server, err = oauth.New(o); err != nil {
		t.Fatal(err)
	}
	ts.Config.Handler = w.Server
	ts.StartTLS()
	t.Cleanup(ts.Close)
	w.client = ts.Client()
	w.client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return w
}

// context makes x/oauth2 use the world's client.
func (w *world) context() context.Context {
	return context.WithValue(w.t.Context(), oauth2.HTTPClient, w.client)
}

type answer struct {
	status int
	header http.Header
	body   string
}

func (w *world) do(r *http.Request) answer {
	w.t.Helper()
	resp, err := w.client.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{status: resp.StatusCode, header: resp.Header, body: string(body)}
}

func (w *world) request(method, path, body string) *http.Request {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body))
	if err != nil {
		w.t.Fatal(err)
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

// ask sends a form to the token endpoint.
func (w *world) ask(form url.Values) answer {
	w.t.Helper()
	return w.do(w.request(http.MethodPost, "/oauth/token", form.Encode()))
}

// get decodes a JSON document.
func (w *world) get(path string, into any) {
	w.t.Helper()
	a := w.do(w.request(http.MethodGet, path, ""))
	if a.status != http.StatusOK || a.header.Get("Content-Type") != "application/json" {
		w.t.Fatalf("GET %s: %d %s", path, a.status, a.header.Get("Content-Type"))
	}
	if err := json.Unmarshal([]byte(a.body), into); err != nil {
		w.t.Fatalf("GET %s: %v", path, err)
	}
}

// verify checks a token as a stranger does, by the published keys, and gives its key id and claims.
func (w *world) verify(token string, aud ...string) (kid string, claims map[string]any) {
	w.t.Helper()
	parsed, err := jwt.ParseSigned(token, []jose.SignatureAlgorithm{jose.ES256})
	if err != nil {
		w.t.Fatal(err)
	}
	var keys jose.JSONWebKeySet
	w.get("/.well-known/jwks.json", &keys)
	kid = parsed.Headers[0].KeyID
	found := keys.Key(kid)
	if len(found) != 1 || !found[0].Valid() || !found[0].IsPublic() || found[0].Use != "sig" {
		w.t.Fatalf("the published keys hold %d keys %q", len(found), kid)
	}
	var standard jwt.Claims
	if err := parsed.Claims(found[0].Key, &standard, &claims); err != nil {
		w.t.Fatalf("signature: %v", err)
	}
	if err := standard.ValidateWithLeeway(jwt.Expected{Issuer: w.url, AnyAudience: aud, Time: w.clock.Now()}, 0); err != nil {
		w.t.Fatal(err)
	}
	return kid, claims
}

// problem is what an error of the token endpoint says; it has no other member.
func (a answer) problem(t *testing.T) string {
	t.Helper()
	var p map[string]string
	if err := json.Unmarshal([]byte(a.body), &p); err != nil || len(p) != 1 {
		t.Fatalf("%d %q is no OAuth error: %v", a.status, a.body, err)
	}
	return p["error"]
}

// accessToken is the token of an answer that must be one.
func (w *world) accessToken(t *testing.T, a answer) string {
	t.Helper()
	var got struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != http.StatusOK || got.AccessToken == "" {
		t.Fatalf("no token: %d %s", a.status, a.body)
	}
	return got.AccessToken
}
