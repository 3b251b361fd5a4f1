package stack_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"golang.org/x/oauth2/clientcredentials"

	"dps/client/device"
	"dps/ingress"
	"dps/localstack/hub"
	"dps/localstack/stack"
	"dps/shared/config"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/invoke"
	"dps/shared/store/bolt"
	"dps/shared/telemetry"
	"dps/shared/telemetry/tracetree"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// safeBuffer collects the log of a stack.
type safeBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *safeBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *safeBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// start brings a stack up in a folder of its own, and down with the test.
func start(t *testing.T, change func(*stack.Options)) *stack.Stack {
	t.Helper()
	o := stack.Options{Dir: t.TempDir()}
	if change != nil {
		change(&o)
	}
	s, err := stack.Start(t.Context(), o)
	must(t, err)
	t.Cleanup(func() {
		must(t, s.Stop())
		if unknown := s.Service.Metrics().Unknown(); len(unknown) > 0 {
			t.Errorf("counted, and in no table of metrics: %v", unknown)
		}
	})
	return s
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newDevice is a device that loses no time in a test.
func newDevice(t *testing.T, s *stack.Stack, protocol, name string, change func(*device.Config)) (*device.Device, device.Config) {
	t.Helper()
	cfg, err := s.NewDevice(protocol, name)
	must(t, err)
	cfg.MaxAttempts = 1
	cfg.Sleep = func(context.Context, time.Duration) error { return nil }
	if change != nil {
		change(&cfg)
	}
	d, err := device.New(cfg)
	must(t, err)
	return d, cfg
}

// transports are the ways between ingress and functions; the same tests run over each.
var transports = map[string]func(contract.Functions) contract.Functions{
	"typed values": nil,
	"JSON, every event delivered twice": func(f contract.Functions) contract.Functions {
		inProcess, ok := f.(*invoke.InProcess)
		if !ok {
			panic("the embedded mode's functions are not in process")
		}
		return &invoke.Remote{Transport: func(ctx context.Context, function string, request []byte) ([]byte, error) {
			first, ok := inProcess.ServeJSON(ctx, function, request)
			if !ok {
				return nil, dps.Errorf(dps.CodeInternal, "no function %q", function)
			}
			if second, _ := inProcess.ServeJSON(ctx, function, request); bytes.Contains(first, []byte(`"result"`)) != bytes.Contains(second, []byte(`"result"`)) {
				return nil, dps.Errorf(dps.CodeInternal, "%s answered %s, and then %s", function, first, second)
			}
			return first, nil
		}}
	},
}

// TestFromFactoryToHub is the whole way: attested, owned, certified, signed in at the hub, renewed.
func TestFromFactoryToHub(t *testing.T) {
	for name, transport := range transports {
		t.Run(name, func(t *testing.T) {
			s := start(t, func(o *stack.Options) { o.Ingress.Functions = transport })
			for _, c := range []struct {
				name, protocol string
				change         func(*device.Config)
			}{
				{"TCP, TLS 1.2", "tcp", nil},
				{"TCP, TLS 1.3", "tcp", func(c *device.Config) { c.MinVersion, c.MaxVersion = tls.VersionTLS13, tls.VersionTLS13 }},
				{"TCP, old order", "tcp", func(c *device.Config) { c.Order = device.OrderOld }},
				{"TCP, no selected gateway", "tcp", func(c *device.Config) { c.OmitSelectedGateway = true }},
				{"TCP, silent about its endpoints", "tcp", func(c *device.Config) { c.SilentDiscovery = true }},
				{"UDP", "udp", nil},
				{"UDP, old order", "udp", func(c *device.Config) { c.Order = device.OrderOld }},
			} {
				t.Run(c.name, func(t *testing.T) {
					d, cfg := newDevice(t, s, c.protocol, c.name, c.change)
					r, err := d.Provision(t.Context())
					must(t, err)
					_, err = d.Connect(t.Context())
					must(t, err)
					if known, ok := s.Hub.Gateway.Device(d.ID()); !ok || !known.SignedIn || known.Owner != stack.Owner || known.Links == 0 {
						t.Errorf("the hub knows the device as %+v", known)
					}
					first := r.Identity[0].SerialNumber
					r, err = d.Renew(t.Context())
					must(t, err)
					if r.Identity[0].SerialNumber.Cmp(first) == 0 {
						t.Error("renewal gave the same certificate")
					}
					if r.PSK == nil || r.PSK.Subject != dps.OwnerUUID(stack.Owner) {
						t.Errorf("pre-shared key is for %+v", r.PSK)
					}
					checkStory(t, s, cfg, d.ID())
				})
			}
		})
	}
}

// checkStory reads the store: the record tells each step, the audit each certificate.
func checkStory(t *testing.T, s *stack.Stack, cfg device.Config, deviceID string) {
	t.Helper()
	wanted := []dps.Step{dps.StepAttestation, dps.StepTime, dps.StepOwnership, dps.StepCloudConfiguration, dps.StepCredentials, dps.StepACLs}
	var rec dps.Record
	eventually(t, "the record is whole", func() bool {
		rec, _ = s.Service.Store().Record(t.Context(), stack.RecordID(cfg))
		for _, step := range wanted {
			if _, ok := rec.Steps[step]; !ok {
				return false
			}
		}
		return cfg.SilentDiscovery || len(rec.LocalEndpoints) > 0
	})
	for _, step := range wanted {
		if rec.Steps[step].Failed() {
			t.Errorf("step %s is recorded as failed: %+v", step, rec.Steps[step])
		}
	}
	if rec.DeviceID != deviceID || rec.GroupID != stack.GroupID || rec.Owner != stack.Owner || rec.Created.IsZero() {
		t.Errorf("record is of device %s, group %s, owner %s, created %s", rec.DeviceID, rec.GroupID, rec.Owner, rec.Created)
	}
	audit, _, err := s.Service.Store().ListAudit(t.Context(), rec.ID, dps.Page{})
	must(t, err)
	issued := 0
	for _, e := range audit {
		if e.Event == dps.AuditIssued && e.DeviceID == deviceID && e.Serial != "" {
			issued++
		}
	}
	if issued < 2 {
		t.Errorf("%d certificates in the audit, want those of the provisioning and the renewal", issued)
	}
}

// eventually waits for what happens in the background; the test's own deadline bounds it.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

// TestForeignDeviceID: a device of the group asks for another's id, for a token first, and for a certificate first.
func TestForeignDeviceID(t *testing.T) {
	s := start(t, nil)
	victim, _ := newDevice(t, s, "tcp", "victim", nil)
	_, err := victim.Provision(t.Context())
	must(t, err)
	for _, order := range []device.Order{device.OrderNew, device.OrderOld} {
		thief, cfg := newDevice(t, s, "tcp", fmt.Sprintf("thief-%d", order), func(c *device.Config) {
			c.DeviceID, c.Order = victim.ID(), order
		})
		_, err := thief.Provision(t.Context())
		if e := asDeviceError(t, err); e.Code.String() != "Forbidden" || e.Transient {
			t.Errorf("the thief is told %v", err)
		}
		audit, _, err := s.Service.Store().ListAudit(t.Context(), stack.RecordID(cfg), dps.Page{})
		must(t, err)
		if len(audit) == 0 || audit[0].Event != dps.AuditBindingDenied || audit[0].DeviceID != victim.ID() {
			t.Errorf("the audit says %+v", audit)
		}
	}
	if err := victim.FactoryReset(); err != nil {
		t.Fatal(err)
	}
	_, err = victim.Provision(t.Context())
	must(t, err) // a reset device has a new id
}

// TestFleet: many devices at once, none fails, each has its record and its certificate's audit entry.
func TestFleet(t *testing.T) {
	s := start(t, nil)
	const devices = 120
	ids := make([]string, devices)
	summary, err := device.RunFleet(t.Context(), device.FleetConfig{
		Count: devices, Concurrency: 24, ConnectToGateway: true,
		NewDevice: func(i int) (device.Config, error) {
			c, err := s.NewDevice([]string{"tcp", "udp"}[i%2], fmt.Sprintf("lamp-%d", i))
			ids[i] = stack.RecordID(c)
			return c, err
		},
	})
	must(t, err)
	if summary.OK != devices || summary.Failed != 0 {
		t.Fatalf("%s", summary)
	}
	must(t, s.Service.Flush(t.Context()))
	for _, id := range ids {
		rec, err := s.Service.Store().Record(t.Context(), id)
		must(t, err)
		if len(rec.Steps) < 6 {
			t.Errorf("record %s has %d steps", id, len(rec.Steps))
		}
	}
	if n := s.Hub.Authority.Issued(); n != devices {
		t.Errorf("%d certificates for %d devices", n, devices)
	}
}

// TestSecretsStayWhereTheyBelong: nothing that the service writes or answers, but its secrets folder, holds a secret that was in play:
// files, log with bodies, spans, metrics, the API.
func TestSecretsStayWhereTheyBelong(t *testing.T) {
	log, metrics := &safeBuffer{}, &safeBuffer{}
	spans := tracetree.New()
	dir := t.TempDir()
	clients := hub.DefaultClients()
	for i := range clients {
		clients[i].Secret = "the OAuth client's secret"
	}
	s, err := stack.Start(t.Context(), stack.Options{
		Dir: dir, Log: telemetry.NewLogger(log, telemetry.LogOptions{Level: slog.LevelDebug}), Hub: hub.Options{Clients: clients},
		Ingress: ingress.Options{Spans: []sdktrace.SpanProcessor{spans}, MetricLines: metrics},
		Configure: func(_ context.Context, c *config.Config) error {
			c.Log.DumpBody, c.Clients.CloudWatch = true, config.CloudWatch{Enabled: true, Namespace: "DPS/test"}
			return nil
		},
	})
	must(t, err)
	d, cfg := newDevice(t, s, "tcp", "device", nil)
	r, err := d.Provision(t.Context())
	must(t, err)
	must(t, s.Service.Flush(t.Context()))
	person := operatorToken(t, s)
	written := make(map[string]string)
	for _, path := range []string{"provisioning-records/" + stack.RecordID(cfg), "provisioning-records/" + stack.RecordID(cfg) + "/audit", "enrollment-groups", "hubs", "statistics"} {
		written["API: "+path] = get(t, s.Service.APIURL()+"/api/v1/"+path, person)
	}
	must(t, s.Stop())
	secrets := map[string]string{
		"OAuth client's secret": clients[0].Secret, "access token": r.Cloud.AccessToken.Reveal(), "pre-shared key": r.PSK.Key.Reveal(), "operator's token": person,
		"the authority's client key": keyBody(t, filepath.Join(dir, "hub", hub.FileClient+".key")), "the service's key": keyBody(t, filepath.Join(dir, "service.key")),
	}
	var tree bytes.Buffer
	must(t, spans.WriteAll(&tree))
	written["log"], written["metrics"], written["spans"] = log.String(), metrics.String(), tree.String()
	must(t, filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		own := strings.Contains(path, ".secrets") || e.Name() == stack.FileKey || e.Name() == stack.FileConfig || filepath.Ext(path) == ".key"
		if err != nil || e.IsDir() || own {
			return err
		}
		data, err := os.ReadFile(path)
		written[path] = string(data)
		return err
	}))
	for place, want := range map[string]string{"log": "devowneruuid", "metrics": "dps.step.results", "spans": "step credential", "API: hubs": "clientSecret"} {
		if !strings.Contains(written[place], want) {
			t.Fatalf("%s lacks %s: %s", place, want, written[place])
		}
	}
	for name, secret := range secrets {
		for place, text := range written {
			if len(secret) < 16 || strings.Contains(text, secret) {
				t.Errorf("%s stands in %s", name, place)
			}
		}
	}
}

// keyBody is the middle line of a key file: what nobody else may have.
func keyBody(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	must(t, err)
	return strings.Split(string(data), "\n")[1]
}

// operatorToken logs the owner in.
func operatorToken(t *testing.T, s *stack.Stack) string {
	t.Helper()
	c := clientcredentials.Config{ClientID: hub.ProgramClientID, ClientSecret: hub.ProgramSecret, TokenURL: s.Hub.PeopleURL() + "/oauth/token"}
	token, err := c.Token(t.Context())
	must(t, err)
	return token.AccessToken
}

func get(t *testing.T, address, token string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, http.NoBody)
	must(t, err)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	must(t, err)
	body, err := io.ReadAll(resp.Body)
	must(t, errors.Join(err, resp.Body.Close()))
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s", address, resp.Status, body)
	}
	return string(body)
}

// TestDrain: on its stop the service finishes what is in service, stores what it knows, and lets go of everything.
func TestDrain(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s := start(t, func(o *stack.Options) {
		o.Ingress.Functions = func(f contract.Functions) contract.Functions {
			return &slowSign{Functions: f, before: func() { once.Do(func() { close(entered) }); <-release }}
		}
	})
	d, cfg := newDevice(t, s, "tcp", "device", func(c *device.Config) { c.Order = device.OrderOld })
	failed := make(chan error, 1)
	go func() { _, err := d.Provision(context.WithoutCancel(t.Context())); failed <- err }()
	<-entered
	store := filepath.Join(s.Dir, stack.FileDatabase)
	stopped := make(chan error, 1)
	go func() { stopped <- s.Stop() }()
	close(release)
	must(t, <-stopped)
	if e := asDeviceError(t, <-failed); e.Step != device.StepACLs {
		t.Errorf("the device was cut off at %s: %v; want after the credentials in service", e.Step, e)
	}
	again, err := bolt.Open(store)
	must(t, err)
	defer func() { must(t, again.Close()) }()
	rec, err := again.Record(t.Context(), stack.RecordID(cfg))
	must(t, err)
	if rec.Steps[dps.StepCredentials].CoAPCode != "2.04" {
		t.Errorf("the last step is not in the record: %+v", rec.Steps)
	}
}

// slowSign holds up the sign function.
type slowSign struct {
	contract.Functions
	before func()
}

func (f *slowSign) Sign(ctx context.Context, req contract.SignRequest) (contract.SignReply, error) {
	f.before()
	return f.Functions.Sign(ctx, req)
}
