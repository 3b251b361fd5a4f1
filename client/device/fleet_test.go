package device_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/client/device"
	"dps/shared/dps"
	"dps/shared/ocf"
)

// fleetWorld has a service whose identity certificates are for whoever asks, and a manufacturer's CA.
func fleetWorld(t *testing.T, script func(received, answer) answer) (cfg device.FleetConfig, p *peer) {
	t.Helper()
	w := newWorld(t)
	p = &peer{world: w, script: func(q received, a answer) answer {
		if q.path == ocf.PathCredentials {
			a = a.entry("creds", 1, "subjectuuid", strings.TrimPrefix(q.csr().Subject.CommonName, "uuid:"))
		}
		if script == nil {
			return a
		}
		return script(q, a)
	}}
	base := w.config("coaps+tcp://" + p.listen(t))
	return device.FleetConfig{Count: 20, Concurrency: 4, NewDevice: device.IssueFrom(w.vendor, base)}, p
}

func TestFleet(t *testing.T) {
	var progress bytes.Buffer
	ids := map[string]bool{}
	cfg, p := fleetWorld(t, nil)
	cfg.Progress, cfg.Renew = &progress, true
	cfg.Done = func(_ int, o device.Outcome) {
		ids[o.DeviceID] = o.Err == nil && o.Provisioned != nil && o.Renewed != nil
	}
	s, err := device.RunFleet(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if s.OK != 20 || s.Failed != 0 || s.FlowsPerSecond <= 0 || len(s.Errors) != 0 {
		t.Errorf("summary\n%s", s)
	}
	if _, conns := p.got(); conns != 60 {
		t.Errorf("%d connections, want 3 for each of 20 devices", conns)
	}
	if len(ids) != 20 {
		t.Errorf("%d device ids, want 20", len(ids))
	}
	for id, ok := range ids {
		if !ok {
			t.Errorf("device %s is not provisioned and renewed", id)
		}
	}
	wantLatencies(t, s, map[device.Step]int{device.StepHandshake: 60, device.StepTime: 20, device.StepOwnership: 20,
		device.StepCloud: 20, device.StepCredentials: 40, device.StepACLs: 20})
	if got := strings.Count(progress.String(), "\n"); got != 10 || !strings.Contains(progress.String(), "20 of 20 devices done, 0 failed") {
		t.Errorf("progress\n%s", &progress)
	}
}

func wantLatencies(t *testing.T, s *device.Summary, want map[device.Step]int) {
	t.Helper()
	if len(s.Latencies) != len(want) {
		t.Errorf("latencies of %d steps, want %d", len(s.Latencies), len(want))
	}
	for _, l := range s.Latencies {
		if l.Count != want[l.Step] || l.P50 > l.P99 || l.P99 > l.Max {
			t.Errorf("latency %+v, want %d", l, want[l.Step])
		}
	}
}

func TestFleetConnects(t *testing.T) {
	var seen []*x509.Certificate
	cfg, p := fleetWorld(t, nil)
	credentials := p.script
	gateway := gatewayOf(t, p, &seen)
	gateway.change(func() { gateway.tls = nil })
	p.change(func() {
		cloud := p.script
		p.script = func(q received, a answer) answer { return cloud(q, credentials(q, a)) }
	})
	cfg.ConnectToGateway = true
	s, err := device.RunFleet(t.Context(), cfg)
	if err != nil || s.OK != 20 {
		t.Fatalf("%v\n%s", err, s)
	}
	if requests, conns := gateway.got(); conns != 20 || len(requests) != 60 {
		t.Errorf("%d requests over %d connections, want 60 over 20", len(requests), conns)
	}
}

func TestFleetCountsErrors(t *testing.T) {
	n := 0
	cfg, _ := fleetWorld(t, at(ocf.PathOwnership, func(a answer) answer {
		n++
		switch {
		case n%4 == 0:
			return coded(codes.Forbidden)
		case n%10 == 1:
			return a.field("x", 1)
		}
		return a
	}))
	cfg.Concurrency = 1
	issue := cfg.NewDevice
	cfg.NewDevice = func(i int) (device.Config, error) {
		if i == 19 {
			return device.Config{}, dps.Errorf(dps.CodeInvalid, "no certificate left")
		}
		return issue(i)
	}
	s, err := device.RunFleet(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	if s.OK != 13 || s.Failed != 7 || len(s.Errors) != 3 {
		t.Fatalf("summary\n%s", s)
	}
	first := device.ErrorCount{Step: device.StepOwnership, Reason: device.ReasonCode, Count: 4, Example: "4.03 Forbidden"}
	if s.Errors[0] != first || s.Errors[1].Reason != device.ReasonUnknownKey || s.Errors[1].Count != 2 {
		t.Errorf("errors %+v", s.Errors)
	}
	if s.Errors[2].Step != "setup" || !strings.Contains(s.String(), "no certificate left") {
		t.Errorf("summary\n%s", s)
	}
}

func TestFleetCountsRetries(t *testing.T) {
	n := 0
	cfg, _ := fleetWorld(t, at(ocf.PathTime, func(a answer) answer {
		n++
		switch n {
		case 1:
			return coded(codes.ServiceUnavailable)
		case 2:
			return coded(codes.Forbidden)
		}
		return a
	}))
	cfg.Count = 1
	issue := cfg.NewDevice
	cfg.NewDevice = func(i int) (device.Config, error) {
		c, err := issue(i)
		c.MaxAttempts, c.Sleep = 2, func(context.Context, time.Duration) error { return nil }
		return c, err
	}
	s, err := device.RunFleet(t.Context(), cfg)
	if err != nil || s.OK != 1 || s.Retries != 1 || s.Restarts != 1 {
		t.Errorf("%v, summary\n%s", err, s)
	}
}

func TestFleetCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var ended atomic.Int32
	cfg, _ := fleetWorld(t, nil)
	cfg.Concurrency = 1
	cfg.Done = func(int, device.Outcome) {
		if ended.Add(1) == 3 {
			cancel()
		}
	}
	s, err := device.RunFleet(ctx, cfg)
	if !errors.Is(err, context.Canceled) || s == nil || s.OK != 3 || s.Failed > 1 {
		t.Errorf("error %v, summary\n%s", err, s)
	}
}

func TestFleetConfig(t *testing.T) {
	_, err := device.RunFleet(t.Context(), device.FleetConfig{Concurrency: -1})
	for _, want := range []string{"Count is 0", "Concurrency is -1", "NewDevice is missing"} {
		if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q in it", err, want)
		}
	}
}

func TestSummaryIsAligned(t *testing.T) {
	s := device.Summary{OK: 9, Failed: 1, Elapsed: 2 * time.Second, FlowsPerSecond: 4.5,
		Latencies: []device.Latency{{Step: device.StepTime, Count: 10, P50: time.Millisecond, P99: 20 * time.Millisecond, Max: 300 * time.Millisecond}},
		Errors:    []device.ErrorCount{{Step: device.StepACLs, Reason: device.ReasonTimeout, Count: 1, Example: "late"}}}
	want := `9 ok, 1 failed, 0 retries, 0 restarts in 2s: 4.5 flows/s

  step  count  p50 ms  p99 ms  max ms
  time     10    1.00   20.00  300.00

failed  step  reason             example
1       acls  no answer in time  late
`
	if s.String() != want {
		t.Errorf("summary\n%s, want\n%s", s.String(), want)
	}
}
