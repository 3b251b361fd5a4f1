package rest_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"dps/functions/api/rest"
	"dps/shared/bearer"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
	"dps/shared/secrets/file"
	"dps/shared/store/bolt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	alice = "alice"
	bob   = "bob"
	hubID = "4ad4f4d6-3bd3-4d1c-b8ab-7e4ff3ba0001"

	pathGroups  = "/api/v1/enrollment-groups"
	pathHubs    = "/api/v1/hubs"
	pathRecords = "/api/v1/provisioning-records"
)

// world is the API over a real store and real secrets, with tokens that an OAuth server's keys verify.
type world struct {
	t       testing.TB
	dir     string
	store   *bolt.Store
	secrets *file.Store
	issuer  *httptest.Server
	key     *ecdsa.PrivateKey
	log     *bytes.Buffer
	options rest.Options
	api     http.Handler
	spec    *spec
	now     time.Time
}

func newWorld(t testing.TB, change func(*rest.Options)) *world {
	t.Helper()
	dir := t.TempDir()
	w := &world{
		t: t, dir: dir, secrets: file.New(filepath.Join(dir, "secrets")), key: hubtest.Must(pki.NewKey())(t), log: new(bytes.Buffer),
		store: hubtest.Must(bolt.Open(filepath.Join(dir, "db")))(t), now: time.Now(),
	}
	t.Cleanup(func() { _ = w.store.Close() })
	w.issuer = httptest.NewServer(http.HandlerFunc(w.serveKeys))
	verifier := bearer.New(bearer.Options{Authority: w.issuer.URL, Audience: "dps", OwnerClaim: "owner", Client: w.issuer.Client()})
	t.Cleanup(func() { verifier.Close(); w.issuer.Client().CloseIdleConnections(); w.issuer.Close() })
	w.options = rest.Options{
		Store: w.store, Secrets: w.secrets, Verifier: verifier, Version: "1.2.3",
		Log: slog.New(slog.NewTextHandler(w.log, nil)), Now: func() time.Time { return w.now },
	}
	if change != nil {
		change(&w.options)
	}
	w.api = rest.New(w.options)
	w.spec = readSpec(t, w.api)
	return w
}

func (w *world) serveKeys(rw http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/keys" {
		hubtest.WriteJSON(rw, http.StatusOK, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: w.key.Public(), KeyID: "1", Use: "sig"}}})
		return
	}
	hubtest.WriteJSON(rw, http.StatusOK, map[string]string{"issuer": w.issuer.URL, "jwks_uri": w.issuer.URL + "/keys"})
}

// token is good for an hour; change makes it another.
func (w *world) token(owner, scope string, change func(jwt.MapClaims)) string {
	w.t.Helper()
	claims := jwt.MapClaims{"iss": w.issuer.URL, "aud": "dps", "sub": "someone", "name": "Some One", "owner": owner, "scope": scope, "exp": time.Now().Add(time.Hour).Unix()}
	if change != nil {
		change(claims)
	}
	token := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	token.Header["kid"] = "1"
	return "Bearer " + hubtest.Must(token.SignedString(w.key))(w.t)
}

// call is a request under way to be made.
type call struct {
	w      *world
	method string
	target string
	body   string
	header http.Header
}

// as makes a request of plgd's dialect with a token as plgd's clients have it.
func (w *world) as(owner, method, target, body string) *call {
	c := &call{w: w, method: method, target: target, body: body, header: http.Header{}}
	c.header.Set("Authorization", w.token(owner, "openid", nil))
	return c
}

// extended makes a request as new clients make it.
func (w *world) extended(owner, method, target, body string) *call {
	c := w.as(owner, method, target, body)
	c.header.Set("Accept", "application/json")
	if body != "" {
		c.header.Set("Content-Type", "application/json")
	}
	return c
}

func (c *call) with(name, value string) *call {
	c.header.Set(name, value)
	return c
}

// do sends the request, wants the status, and holds the answer to the API's own description.
func (c *call) do(status int) *answer {
	c.w.t.Helper()
	r, a := c.send()
	if a.code != status {
		c.w.t.Fatalf("%s %s: status %d, want %d: %s", c.method, c.target, a.code, status, a.body)
	}
	c.w.spec.check(c.w.t, r, a)
	return a
}

// send sends the request.
func (c *call) send() (*http.Request, *answer) {
	r := httptest.NewRequestWithContext(context.Background(), c.method, c.target, strings.NewReader(c.body))
	r.Header = c.header
	recorder := httptest.NewRecorder()
	c.w.api.ServeHTTP(recorder, r)
	a := &answer{t: c.w.t, code: recorder.Code, header: recorder.Result().Header, body: recorder.Body.Bytes()}
	return r, a
}

// answer is what came back.
type answer struct {
	t      testing.TB
	code   int
	header http.Header
	body   []byte
}

// object is the body as one JSON object.
func (a *answer) object() map[string]any {
	a.t.Helper()
	var out map[string]any
	if err := json.Unmarshal(a.body, &out); err != nil {
		a.t.Fatalf("%v: %s", err, a.body)
	}
	return out
}

// get digs through objects and lists by their names and numbers.
func (a *answer) get(path ...any) any {
	a.t.Helper()
	return dig(a.t, a.object(), path...)
}

func dig(t testing.TB, v any, path ...any) any {
	t.Helper()
	for _, step := range path {
		switch s := step.(type) {
		case string:
			object, _ := v.(map[string]any)
			v = object[s]
		case int:
			list, _ := v.([]any)
			if s >= len(list) {
				t.Fatalf("%v: there is no item %d in %v", path, s, v)
			}
			v = list[s]
		}
	}
	return v
}

// lines are the objects of a stream in plgd's dialect.
func (a *answer) lines() []map[string]any {
	a.t.Helper()
	var out []map[string]any
	for line := range strings.Lines(string(a.body)) {
		var envelope struct{ Result map[string]any }
		if err := json.Unmarshal([]byte(line), &envelope); err != nil || envelope.Result == nil {
			a.t.Fatalf("line %q: %v", line, err)
		}
		out = append(out, envelope.Result)
	}
	return out
}

// ids are those of the objects in a stream or a page, in order.
func (a *answer) ids() []string {
	a.t.Helper()
	out := []string{}
	if bytes.HasPrefix(a.body, []byte(`{"items"`)) {
		items, _ := a.get("items").([]any)
		for i := range items {
			id, _ := dig(a.t, items[i], "id").(string)
			out = append(out, id)
		}
		return out
	}
	for _, line := range a.lines() {
		id, _ := line["id"].(string)
		out = append(out, id)
	}
	return out
}

// groupBody is a group of a new manufacturer.
func (w *world) groupBody(hubs ...string) (body string, maker *pki.Pair) {
	w.t.Helper()
	maker = hubtest.Must(pki.NewRoot("maker"))(w.t)
	return groupOf(maker, hubs...), maker
}

func groupOf(maker *pki.Pair, hubs ...string) string {
	data, _ := json.Marshal(map[string]any{
		"name":                 "sensors",
		"attestationMechanism": map[string]any{"x509": map[string]any{"certificateChain": dps.EncodeDataURI(maker.CertificatePEM())}},
		"hubIds":               hubs,
		"preSharedKey":         dps.EncodeDataURI([]byte("0123456789abcdef")),
	})
	return string(data)
}

func hubBody(id string) string {
	return `{"name":"hub","hubId":"` + id + `","gateways":["coaps+tcp://hub.example.com:5684"],` +
		`"certificateAuthority":{"grpc":{"address":"hub.example.com:443","keepAlive":{"time":"10000000000","timeout":20000000000}}},` +
		`"authorization":{"ownerClaim":"owner","provider":{"name":"plgd","authority":"https://auth.example.com","clientId":"dps",` +
		`"clientSecret":"` + dps.EncodeDataURI([]byte("hush hush")) + `","scopes":["a"],"http":{"maxIdleConns":16,"timeout":"10000000000"}}}}`
}

// newHub creates a hub, and gives its id.
func (w *world) newHub(owner, id string) string {
	w.t.Helper()
	out, _ := w.as(owner, "POST", pathHubs, hubBody(id)).do(200).get("id").(string)
	return out
}

// newGroup creates a group with a hub of its own, and gives its id.
func (w *world) newGroup(owner string) string {
	w.t.Helper()
	body, _ := w.groupBody(w.newHub(owner, hubID))
	out, _ := w.as(owner, "POST", pathGroups, body).do(200).get("id").(string)
	return out
}
