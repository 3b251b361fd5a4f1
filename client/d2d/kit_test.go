package d2d_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/golang-jwt/jwt/v5"
	"go.uber.org/goleak"

	"dps/client/d2d"
	"dps/client/d2d/d2dtest"
	"dps/client/d2d/member"
	"dps/client/d2d/reach"
	"dps/client/d2d/settings"
	"dps/client/d2d/vault"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/ocf"
	"dps/shared/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lampID is the one device there is; its light is at /light/1.
const lampID = "24a61a57-772d-4c40-833c-c334a760782b"

// lamp is access to one device. fails is what it answers instead.
type lamp struct {
	mu     sync.Mutex
	asked  []reach.Query
	fails  error
	value  any
	forgot int
}

func (l *lamp) device() reach.Device {
	return reach.Device{
		ID: lampID, Name: "Lamp <b>", Types: []string{"oic.d.light"}, Ownership: reach.OwnershipOurs, OwnerID: dps.OwnerUUID("owner-1"), CanOwn: true,
		Endpoints: []string{"coaps://192.0.2.1:5684"},
	}
}

func (l *lamp) known(id string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fails == nil && id != lampID {
		return dps.Errorf(dps.CodeNotFound, "device %.40q is unknown", id)
	}
	return l.fails
}

func (l *lamp) Discover(_ context.Context, q reach.Query) ([]reach.Device, error) {
	l.mu.Lock()
	l.asked = append(l.asked, q)
	l.mu.Unlock()
	return []reach.Device{l.device()}, l.known(lampID)
}

func (l *lamp) Known(id string) (reach.Device, error) { return l.device(), l.known(id) }

func (l *lamp) Device(_ context.Context, id string) (reach.Details, error) {
	return reach.Details{
		Device: l.device(), Info: ocf.DeviceInfo{DeviceID: lampID, Name: "Lamp <b>", SpecificationLevel: "ocf.2.2.5"}, Platform: &ocf.PlatformInfo{ManufacturerName: "Acme"},
		Links: []reach.Link{{Href: "/light/1", Types: []string{"core.light"}, Interfaces: []string{"oic.if.a"}, Observable: true}},
	}, l.known(id)
}

func (l *lamp) Resources(ctx context.Context, id string) ([]reach.Link, error) {
	d, err := l.Device(ctx, id)
	return d.Links, err
}

func (l *lamp) Read(_ context.Context, id, href, query string) (reach.Content, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if href != "/light/1" {
		return reach.Content{}, dps.Errorf(dps.CodeNotFound, "nothing is at %s?%s", href, query)
	}
	return reach.Content{Format: ocf.FormatOCFCBOR, Value: map[string]any{"state": true, "rt": []any{"core.light"}, "note": "", "value": l.value}}, l.fails
}

func (l *lamp) Update(_ context.Context, id, _ string, value any) (reach.Content, error) {
	if err := l.known(id); err != nil {
		return reach.Content{}, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.value = value
	return reach.Content{Format: ocf.FormatOCFCBOR, Value: value}, nil
}

func (l *lamp) Own(_ context.Context, id string) error    { return l.known(id) }
func (l *lamp) Disown(_ context.Context, id string) error { return l.known(id) }
func (l *lamp) Forget()                                   { l.mu.Lock(); l.forgot++; l.mu.Unlock() }
func (l *lamp) Close()                                    {}

// world is a client's API with all it needs, and everything it ever said.
type world struct {
	t    *testing.T
	hub  *d2dtest.Hub
	lamp *lamp
	url  string
	log  *lockedBuffer
	said *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

func newWorld(t *testing.T, change func(*settings.Config)) *world {
	t.Helper()
	w := &world{t: t, hub: d2dtest.NewHub(t), lamp: new(lamp), log: new(lockedBuffer), said: new(lockedBuffer)}
	c := settings.Default()
	c.Clients.Device.COAP.TLS.Authentication = settings.Uninitialized
	r := &c.RemoteProvisioning
	r.Authority, r.CertificateAuthority, r.OwnerClaim, r.WebOAuthClient.Audience = w.hub.URL, w.hub.URL, d2dtest.OwnerClaim, d2dtest.Audience
	if change != nil {
		change(&c)
	}
	log := telemetry.NewLogger(w.log, telemetry.LogOptions{Level: slog.LevelDebug})
	v := hubtest.Must(vault.New(vault.Options{Path: filepath.Join(t.TempDir(), "credentials"), Protection: vault.ByKeyFile}))(t)
	m := hubtest.Must(member.Open(member.Options{Config: c, Vault: v, HTTP: w.hub.Client(), Now: w.hub.Clock.Now, Log: log}))(t)
	t.Cleanup(m.Close)
	server := httptest.NewServer(d2d.New(d2d.Options{Member: m, Reacher: w.lamp, Config: c, Now: w.hub.Clock.Now, Log: log}))
	t.Cleanup(server.Close)
	w.url = server.URL
	return w
}

// answer is one of the API's.
type answer struct {
	status int
	header http.Header
	body   string
}

// ask makes a request; headers are NAME, VALUE, …
func (w *world) ask(method, path, body string, headers ...string) answer {
	w.t.Helper()
	r := hubtest.Must(http.NewRequestWithContext(w.t.Context(), method, w.url+path, strings.NewReader(body)))(w.t)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
			continue
		}
		r.Header.Set(headers[i], headers[i+1])
	}
	resp := hubtest.Must(http.DefaultTransport.RoundTrip(r))(w.t)
	data := hubtest.Must(io.ReadAll(resp.Body))(w.t)
	_ = resp.Body.Close()
	_, _ = w.said.Write(data)
	return answer{resp.StatusCode, resp.Header, string(data)}
}

// Dialects by what is accepted.
var (
	asNew   = []string{"Accept", "application/json"}
	asPlgd  = []string{"Accept", "*/*"}
	asProto = []string{"Accept", "application/protojson"}
)

// token is a header of the owner's.
func (w *world) token(change func(jwt.MapClaims)) []string {
	return []string{"Authorization", w.hub.Token(w.t, change), "Accept", "application/json"}
}

// wants holds an answer against status and a part of its body.
func (w *world) wants(what string, a answer, status int, parts ...string) {
	w.t.Helper()
	if a.status != status {
		w.t.Errorf("%s: %d %s, want %d", what, a.status, a.body, status)
	}
	for _, p := range parts {
		if !strings.Contains(a.body, p) {
			w.t.Errorf("%s: %s, want %s", what, a.body, p)
		}
	}
}

func decoded[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%v in %s", err, a.body)
	}
	return v
}
