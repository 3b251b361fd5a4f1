package lan_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dps/client/d2d"
	"dps/client/d2d/member"
	"dps/client/d2d/reach"
	"dps/client/d2d/settings"
	"dps/client/d2d/vault"
	"dps/client/device"
	"dps/client/device/local"
	"dps/localstack/hub"
	"dps/localstack/lan"
	"dps/localstack/stack"
	"dps/shared/config"
	"dps/shared/dps"
	"dps/shared/pki"
)

// asClient in the environment makes this test the d2d client: a network of its own needs a process of its own.
const asClient = "DPS_TEST_D2D_CONFIG"

func TestMain(m *testing.M) {
	if file := os.Getenv(asClient); file != "" {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		err := d2d.Main(ctx, []string{"--config", file}, os.Stdout, os.Stderr)
		stop()
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// stranger is another owner at the same hub.
const stranger = "2"

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// domain is a service with its hub, and the local network of the devices that it provisioned.
type domain struct {
	*stack.Stack
	lan *lan.LAN
}

func newDomain(t *testing.T) *domain {
	t.Helper()
	d := &domain{lan: lan.New(lan.Options{})}
	t.Cleanup(d.lan.Close)
	o := stack.Options{Dir: t.TempDir(), Configure: func(_ context.Context, c *config.Config) error {
		return addStranger(t, c)
	}}
	d.Stack = must(stack.Start(t.Context(), o))(t)
	t.Cleanup(func() {
		if err := d.Stop(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// addStranger configures a second owner's group with the same hub.
func addStranger(t *testing.T, c *config.Config) error {
	other := must(pki.NewRoot("another manufacturer"))(t)
	file := filepath.Join(t.TempDir(), "another.crt")
	if err := os.WriteFile(file, []byte(dps.EncodeCertificatesPEM(other.Certificate)), 0o600); err != nil {
		return err
	}
	g := c.EnrollmentGroups[0]
	g.ID, g.Owner, g.AttestationMechanism.X509.CertificateChain = dps.NewUUID(), stranger, file
	c.EnrollmentGroups = append(slices.Clip(c.EnrollmentGroups), g)
	return nil
}

// provision takes a device from the factory to its owner, and into the local network.
func (d *domain) provision(t *testing.T, name string, change ...func(*local.Config)) *lan.Device {
	t.Helper()
	cfg := must(d.NewDevice("tcp", name))(t)
	cfg.MaxAttempts = 1
	dev := must(device.New(cfg))(t)
	r := must(dev.Provision(t.Context()))(t)
	return must(d.lan.Add(name, cfg.Manufacturer, dev, r, change...))(t)
}

// token logs a person in.
func (d *domain) token(t *testing.T, owner string) string {
	t.Helper()
	form := url.Values{
		"grant_type": {"client_credentials"}, "client_id": {hub.ProgramClientID}, "client_secret": {hub.ProgramSecret}, hub.DefaultOwnerClaim: {owner},
	}
	resp := must(http.PostForm(d.Hub.PeopleURL()+"/oauth/token", form))(t)
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		Token string `json:"access_token"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil || answer.Token == "" {
		t.Fatalf("no token: %s, %v", resp.Status, err)
	}
	return answer.Token
}

// key is the group's pre-shared key, which its devices know their owner by.
func (d *domain) key(t *testing.T) string {
	t.Helper()
	return string(must(os.ReadFile(filepath.Join(d.Dir, "pre-shared-key")))(t))
}

// client is a d2d client, initialized by whatever way over its own HTTP API.
type client struct {
	t      *testing.T
	domain *domain
	url    string
	token  string // of who uses it; "": nobody
}

// newClient starts a client that nobody has initialized. change spoils what it shows to devices; nil: nothing.
func (d *domain) newClient(t *testing.T, change func(*reach.Credentials)) *client {
	t.Helper()
	c := settings.Default()
	c.Clients.Device.COAP.TLS.Authentication = settings.Uninitialized
	r := &c.RemoteProvisioning
	r.Authority, r.OwnerClaim, r.CertificateAuthority = d.Hub.PeopleURL(), hub.DefaultOwnerClaim, d.Service.APIURL()
	r.WebOAuthClient.Audience = hub.DefaultPeopleAudience
	transport := new(http.Transport)
	t.Cleanup(transport.CloseIdleConnections)
	v := must(vault.New(vault.Options{Path: filepath.Join(t.TempDir(), "credentials"), Protection: vault.ByKeyFile}))(t)
	m := must(member.Open(member.Options{Config: c, Vault: v, HTTP: &http.Client{Transport: transport}}))(t)
	t.Cleanup(m.Close)
	reacher := must(reach.New(reach.Options{Timeout: 2 * time.Second, ManufacturerRoots: d.PKI.ManufacturerRoot.Pool(), Credentials: func() (reach.Credentials, error) {
		creds, err := m.Credentials()
		if err == nil && change != nil {
			change(&creds)
		}
		return creds, err
	}}))(t)
	t.Cleanup(reacher.Close)
	server := httptest.NewServer(d2d.New(d2d.Options{Member: m, Reacher: reacher, Config: c}))
	t.Cleanup(server.Close)
	return &client{t: t, domain: d, url: server.URL}
}

// refusal is an error of the client's API, as it tells programs.
type refusal struct {
	Detail string       `json:"detail"`
	Code   dps.Code     `json:"code"`
	Reason reach.Reason `json:"reason"`
}

// ask makes a request of the client, and decodes its answer where that is good.
func (c *client) ask(method, path string, body, out any) *refusal {
	c.t.Helper()
	return ask(c.t, method, c.url+path, c.token, body, out)
}

func ask(t *testing.T, method, address, token string, body, out any) *refusal {
	t.Helper()
	data := must(json.Marshal(body))(t)
	r := must(http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(data)))(t)
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Content-Type", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	resp := must(http.DefaultClient.Do(r))(t)
	answer := must(io.ReadAll(resp.Body))(t)
	_ = resp.Body.Close()
	if resp.StatusCode/100 != 2 {
		no := new(refusal)
		if err := json.Unmarshal(answer, no); err != nil {
			t.Fatalf("%s %s: %s %s", method, address, resp.Status, answer)
		}
		return no
	}
	if out != nil {
		if err := json.Unmarshal(answer, out); err != nil {
			t.Fatalf("%s %s: %v in %s", method, address, err, answer)
		}
	}
	return nil
}

func (c *client) ok(no *refusal) {
	c.t.Helper()
	if no != nil {
		c.t.Fatal(no.Detail)
	}
}

// byKey, bySelf and byBrowser are the three ways.
func (c *client) byKey(owner, key string) {
	c.t.Helper()
	c.ok(c.ask("POST", "/api/v1/initialize", map[string]any{"preSharedKey": map[string]any{"subjectId": dps.OwnerUUID(owner), "key": key, "save": true}}, nil))
}

func (c *client) bySelf(owner string) {
	c.t.Helper()
	c.token = c.domain.token(c.t, owner)
	c.ok(c.ask("POST", "/api/v1/initialize", map[string]any{}, nil))
}

// byBrowser does what a browser would: the client itself is told nothing but what passes here.
func (c *client) byBrowser(owner string) {
	c.t.Helper()
	c.token = c.domain.token(c.t, owner)
	var keys json.RawMessage
	c.ok(ask(c.t, "GET", c.domain.Hub.PeopleURL()+"/.well-known/jwks.json", "", nil, &keys))
	var begun struct {
		Challenge struct {
			CSR   []byte `json:"certificateSigningRequest"`
			State string `json:"state"`
		} `json:"identityCertificateChallenge"`
	}
	c.ok(c.ask("POST", "/api/v1/initialize", map[string]any{"jwks": keys}, &begun))
	var signed struct {
		Certificate []byte `json:"certificate"`
	}
	c.ok(ask(c.t, "POST", c.domain.Service.APIURL()+"/api/v1/sign/identity-csr", c.token,
		map[string]any{"certificateSigningRequest": begun.Challenge.CSR}, &signed))
	c.ok(c.ask("POST", "/api/v1/initialize/"+begun.Challenge.State, map[string]any{"certificate": signed.Certificate}, nil))
}

// use discovers a device and switches its light; "": it could, else why not.
func (c *client) use(d *lan.Device) reach.Reason {
	c.t.Helper()
	var found json.RawMessage
	c.ok(c.ask("GET", "/api/v1/devices?endpointFilter="+url.QueryEscape(d.Address), nil, &found))
	if !strings.Contains(string(found), d.ID) {
		c.t.Fatalf("device %s was not discovered: %s", d.ID, found)
	}
	at := fmt.Sprintf("/api/v1/devices/%s/resources/light/1", d.ID)
	if no := c.ask("PUT", at, map[string]any{"state": true}, nil); no != nil {
		if reads := c.ask("GET", at, nil, nil); reads == nil {
			c.t.Errorf("the light may be read but not switched: %s", no.Detail)
		}
		return no.Reason
	}
	var light struct {
		Content struct {
			State bool `json:"state"`
		} `json:"content"`
	}
	c.ok(c.ask("GET", at, nil, &light))
	if !light.Content.State {
		c.t.Error("the light was switched, and is off")
	}
	return ""
}
