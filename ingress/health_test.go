package ingress

import (
	"context"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"dps/shared/config"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/pki"
)

// ask gives the status and text of a health endpoint.
func ask(t *testing.T, s *Service, path string) (int, string) {
	t.Helper()
	resp, err := http.Get("http://" + s.HealthAddr().String() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	http.DefaultClient.CloseIdleConnections()
	return resp.StatusCode, strings.TrimSpace(string(text))
}

func newHealthy(t *testing.T, o Options) *Service {
	t.Helper()
	f := newFiles(t)
	f.rotate("service", pki.Hosts("127.0.0.1"))
	cfg, err := config.Parse([]byte("apis: {health: {address: '127.0.0.1:0'}, coap: {address: '127.0.0.1:0', tls: {certFile: '" + f.settings.CertFile + "', keyFile: '" + f.settings.KeyFile + "'}}}\n" +
		"clients: {storage: {bolt: {path: '" + filepath.Join(t.TempDir(), "dps.db") + "'}}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := New(t.Context(), cfg, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestReadinessGoesBeforeTheListeners: while it drains, the service says that it is not ready and still takes devices.
func TestReadinessGoesBeforeTheListeners(t *testing.T) {
	s := newHealthy(t, Options{ReadinessPause: 300 * time.Millisecond})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	for _, path := range []string{"/healthz", "/readyz"} {
		if code, text := ask(t, s, path); code != http.StatusOK {
			t.Errorf("%s gives %d %s", path, code, text)
		}
	}
	if err := askHealth(t.Context(), s.HealthAddr().String()); err != nil {
		t.Error(err)
	}
	address := s.HealthAddr().String()
	stop()
	for !s.health.draining.Load() {
		time.Sleep(time.Millisecond)
	}
	if code, text := ask(t, s, "/readyz"); code != http.StatusServiceUnavailable || text != "draining" {
		t.Errorf("/readyz gives %d %s", code, text)
	}
	if code, _ := ask(t, s, "/healthz"); code != http.StatusOK {
		t.Errorf("/healthz gives %d: it would be killed in its drain", code)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := askHealth(t.Context(), address); err == nil {
		t.Error("a service that has ended is alive")
	}
}

func TestNotReadyWithoutAValidCertificate(t *testing.T) {
	now := time.Now()
	s := newHealthy(t, Options{Now: func() time.Time { return now }})
	defer func() { _ = s.Close() }()
	if err := s.health.ready(); err != nil {
		t.Error(err)
	}
	now = now.AddDate(100, 0, 0)
	if err := s.health.ready(); dps.CodeOf(err) != dps.CodeUnavailable || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("%v, want that the certificate is not valid", err)
	}
}

// failing are functions whose enroll fails as the test says.
type failing struct {
	contract.Functions
	err error
}

func (f *failing) Enroll(context.Context, contract.EnrollRequest) (contract.EnrollReply, error) {
	return contract.EnrollReply{}, f.err
}

// TestNotReadyWhileEnrollFails: a hiccup does not take the service out of rotation, a lasting failure does.
func TestNotReadyWhileEnrollFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &failing{}
		w := &watchedFunctions{Functions: f, now: time.Now}
		call := func(want bool) {
			t.Helper()
			_, _ = w.Enroll(t.Context(), contract.EnrollRequest{})
			if got := w.check() == nil; got != want {
				t.Errorf("ready is %v, want %v: %v", got, want, w.check())
			}
		}
		call(true)
		f.err = errors.New("down")
		call(true)
		time.Sleep(unhealthyAfter)
		call(true)
		time.Sleep(time.Second)
		call(false)
		f.err = nil
		call(true)
		f.err = errors.New("down again")
		call(true)
	})
}

func TestHealthcheckSaysWhatItNeeds(t *testing.T) {
	for _, address := range []string{"", "nonsense"} {
		if err := askHealth(t.Context(), address); err == nil || !strings.Contains(err.Error(), "apis.health.address") {
			t.Errorf("%q gives %v", address, err)
		}
	}
}

func TestConfigurationFromTheEnvironment(t *testing.T) {
	text := "log: {level: debug}"
	if cfg, err := load("", text); err != nil || cfg.Log.Level != "debug" {
		t.Errorf("%+v, %v", cfg.Log, err)
	}
	for name, tt := range map[string]struct{ file, text, want string }{
		"both":    {"dps.yaml", text, "DPS_CONFIG"},
		"neither": {"", "", "--config FILE is missing"},
		"broken":  {"", "nonsense: 1", "DPS_CONFIG: nonsense"},
	} {
		if _, err := load(tt.file, tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q in it", name, err, tt.want)
		}
	}
}
