package prometheus_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dps/shared/telemetry"
	"dps/shared/telemetry/pipeline"
	"dps/shared/telemetry/prometheus"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestScrape(t *testing.T) {
	p, err := prometheus.New(telemetry.Discard())
	if err != nil {
		t.Fatal(err)
	}
	meters := pipeline.NewMetrics(pipeline.Source{Service: "dps-ingress", Version: "v1"}, p.Reader())
	m := telemetry.NewMetrics(nil)
	if _, err := m.Register(meters.Provider()); err != nil {
		t.Fatal(err)
	}
	for _, name := range telemetry.Events() {
		event, reason, _ := strings.Cut(strings.TrimSuffix(name, "}"), "{")
		m.Count(event, reason)
	}
	m.CountN("step_cloud", "2.04", 3)
	m.Observe("step", "cloud", "2.04", 300*time.Millisecond)
	m.Gauge("certificate_days_left", "devices", func() float64 { return 12.5 })
	server := httptest.NewServer(p.Handler())
	defer server.Close()
	for range 2 { // cumulative: a scrape takes nothing away
		status, body := ask(t, server, http.MethodGet)
		if status != http.StatusOK {
			t.Fatalf("status %d: %s", status, body)
		}
		for _, want := range []string{
			`dps_step_results_total{dps_code="2.04",dps_step="cloud"} 3`,
			`dps_step_duration_seconds_bucket{dps_code="2.04",dps_step="cloud",le="0.25"} 0`,
			`dps_step_duration_seconds_bucket{dps_code="2.04",dps_step="cloud",le="0.5"} 1`,
			`dps_certificate_days_left{dps_certificate="devices"} 12.5`,
			`dps_cache_events_total{dps_cache="issuer"} 1`,
			`service_name="dps-ingress"`, "go_goroutines", "process_open_fds",
		} {
			if !strings.Contains(body, want) {
				t.Errorf("no %s in\n%s", want, body)
			}
		}
	}
	if status, _ := ask(t, server, http.MethodPost); status != http.StatusMethodNotAllowed {
		t.Errorf("POST is answered %d", status)
	}
	if err := meters.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

func ask(t *testing.T, server *httptest.Server, method string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, server.URL, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}
