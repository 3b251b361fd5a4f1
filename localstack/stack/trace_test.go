package stack_test

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"dps/ingress"
	"dps/localstack/collector"
	"dps/localstack/stack"
	"dps/shared/config"
)

// TestTheWholeWayIsTraced: a collector gets one trace of each connection, from the handshake to what the functions ask of others, and the
// metrics that go with it.
func TestTheWholeWayIsTraced(t *testing.T) {
	c, err := collector.Start(t.Context())
	must(t, err)
	defer c.Close()
	s, err := stack.Start(t.Context(), stack.Options{Dir: t.TempDir(), Configure: traceTo(c.Address())})
	must(t, err)
	for _, protocol := range []string{"tcp", "udp"} {
		d, _ := newDevice(t, s, protocol, protocol, nil)
		_, err = d.Provision(t.Context())
		must(t, err)
	}
	must(t, s.Stop())          // exports the rest
	want := map[string]string{ // span: what it is below
		"handshake": "device connection", "attestation": "handshake", "invoke enroll": "attestation",
		"step plgdTime": "device connection", "step ownership": "device connection", "step cloud": "device connection",
		"step credential": "device connection", "step acl": "device connection",
		"invoke token": "step cloud", "invoke sign": "step credential", "OAuth server": "invoke token", "certificate authority": "invoke sign",
	}
	checkTraces(t, c.Spans(), want)
	for _, name := range []string{"dps.step.duration", "dps.step.results", "dps.handshake.duration", "dps.invocation.duration", "dps.tokens.minted", "dps.certificates.issued", "dps.connections", "dps.certificate.days_left"} {
		if !c.HasMetric("dps-ingress", name) {
			t.Errorf("the collector has not got %s", name)
		}
	}
}

func traceTo(address string) func(context.Context, *config.Config) error {
	return func(_ context.Context, c *config.Config) error {
		c.Clients.OpenTelemetryCollector.GRPC.Enabled, c.Clients.OpenTelemetryCollector.GRPC.Address = true, address
		return nil
	}
}

// checkTraces looks for each span in the same trace as what it is to be below.
func checkTraces(t *testing.T, spans []collector.Span, want map[string]string) {
	t.Helper()
	byID := make(map[string]collector.Span)
	for _, s := range spans {
		byID[s.Trace+s.ID] = s
	}
	found := make(map[string]bool)
	for _, s := range spans {
		if s.Failed {
			t.Errorf("%s failed", s.Name)
		}
		if above, ok := byID[s.Trace+s.ParentID]; ok && above.Name == want[s.Name] {
			found[s.Name] = true
		}
	}
	for name, above := range want {
		if !found[name] {
			t.Errorf("no span %q below %q among %d", name, above, len(spans))
		}
	}
}

// TestPrometheusAndCloudWatch: what a scrape answers, and what stands in the log's metric lines, has what a device did.
func TestPrometheusAndCloudWatch(t *testing.T) {
	lines := &safeBuffer{}
	s, err := stack.Start(t.Context(), stack.Options{Dir: t.TempDir(), Ingress: ingress.Options{MetricLines: lines, ReadinessPause: time.Millisecond}, Configure: func(_ context.Context, c *config.Config) error {
		c.APIs.Health = config.Health{Address: "127.0.0.1:0", Metrics: true}
		c.Clients.CloudWatch = config.CloudWatch{Enabled: true, Namespace: "DPS/test"}
		return nil
	}})
	must(t, err)
	d, _ := newDevice(t, s, "tcp", "device", nil)
	_, err = d.Provision(t.Context())
	must(t, err)
	scraped := get(t, "http://"+s.Service.HealthAddr().String()+"/metrics", "")
	for _, want := range []string{
		`dps_step_results_total{dps_code="2.04",dps_step="credential"} 1`, `dps_step_duration_seconds_bucket{dps_code="2.05",dps_step="ownership",le="`, "dps_tokens_minted_total", "dps_certificates_issued_total",
		`dps_cache_size{dps_cache="verdict"} 1`, `dps_cache_size{dps_cache="oauth_client"} 1`, `dps_breaker_state{dps_dependency="OAuth server"} 0`, "dps_certificate_days_left", "go_goroutines", "process_resident_memory_bytes",
	} {
		if !strings.Contains(scraped, want) {
			t.Errorf("a scrape lacks %s", want)
		}
	}
	if t.Failed() {
		t.Log(scraped)
	}
	must(t, s.Stop())
	for _, want := range []string{`"Namespace":"DPS/test"`, `"service":"dps-ingress"`, `"dps.step.results"`} {
		if !strings.Contains(lines.String(), want) {
			t.Errorf("the metric lines lack %s", want)
		}
	}
}

// TestACollectorCostsNothing: one that is down, and one that never answers, keep no device out and no service from ending.
func TestACollectorCostsNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	defer func() { _ = l.Close() }() // it takes connections, and says nothing
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, gone.Close())
	for name, address := range map[string]string{"silent": l.Addr().String(), "down": gone.Addr().String()} {
		t.Run(name, func(t *testing.T) {
			s := start(t, func(o *stack.Options) { o.Configure = traceTo(address) })
			d, _ := newDevice(t, s, "tcp", "device", nil)
			_, err := d.Provision(t.Context())
			must(t, err)
		})
	}
}
