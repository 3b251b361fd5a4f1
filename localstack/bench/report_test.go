package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestSpread(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   spread
	}{
		{[]float64{3}, spread{3, 3, 3}},
		{[]float64{9, 1, 5}, spread{5, 1, 9}},
		{[]float64{4, 1, 2, 9}, spread{3, 1, 9}},
	} {
		if got := spreadOf(c.values); got != c.want {
			t.Errorf("spreadOf(%v) = %v, want %v", c.values, got, c.want)
		}
	}
}

func TestPercentile(t *testing.T) {
	var hundred []time.Duration
	for i := 100; i > 0; i-- {
		hundred = append(hundred, time.Duration(i))
	}
	for _, c := range []struct {
		latencies []time.Duration
		p         int
		want      time.Duration
	}{
		{nil, 50, 0}, {[]time.Duration{7}, 99, 7}, {hundred, 50, 50}, {hundred, 99, 99}, {[]time.Duration{2, 1}, 50, 1},
	} {
		if got := percentile(c.latencies, c.p); got != c.want {
			t.Errorf("p%d of %d latencies = %d, want %d", c.p, len(c.latencies), got, c.want)
		}
	}
}

func TestTurnIsPerFlow(t *testing.T) {
	got := newTurn(
		outcome{elapsed: 2 * time.Second, latencies: []time.Duration{time.Millisecond, 3 * time.Millisecond}},
		sample{CPU: time.Second, Allocations: 100, Allocated: 1024},
		sample{CPU: time.Second + 5*time.Millisecond, Allocations: 300, Allocated: 5 * 1024})
	want := turn{FlowsPerSecond: 1, P50: 1, P99: 3, CPU: 2.5, Allocations: 100, Allocated: 2}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func testReport() *report {
	r := newReport(options{flows: 10, rounds: 2, concurrency: 2, devices: 5})
	r.Rounds = []round{
		{turn{100, 1, 2, 1, 50, 10}, turn{95, 1, 2, 1.1, 60, 12}, turn{80, 2, 3, 1.2, 100, 20}, turn{79, 2, 3, 1.23, 110, 22}},
		{turn{100, 1, 2, 2, 50, 10}, turn{95, 1, 2, 2.1, 60, 12}, turn{80, 2, 3, 2.5, 100, 20}, turn{79, 2, 3, 2.55, 110, 22}},
	}
	r.Idle = &idleFigures{Connections: 10, Floor: 30 << 10, Service: 37 << 10}
	r.Soak = &soak{Flows: 100, Before: sample{Goroutines: 9, Descriptors: 8}, After: sample{Goroutines: 9, Descriptors: 8}}
	return &r
}

func TestReportHoldsGoals(t *testing.T) {
	r := testReport()
	r.summarize()
	if len(r.Goals) != 5 {
		t.Fatalf("%d goals, want 5", len(r.Goals))
	}
	for i, want := range []goal{
		{"server CPU per flow, ingress alone", "≤ 1.3 × floor", "1.08 ×", true},
		{"server CPU per flow, everything", "≤ 1.3 × floor", "1.23 ×", true}, // each round has its own ratio: 1.2 and 1.25
		{"server CPU per flow, with telemetry", "≤ 1.05 × service", "1.02 ×", true},
		{"resident per idle connection", "≤ 36 KiB", "37.0 KiB", false},
		{"goroutines and descriptors", "no growth over 100 flows", "+0, +0", true},
	} {
		if r.Goals[i] != want {
			t.Errorf("goal %+v, want %+v", r.Goals[i], want)
		}
	}
	if err := r.verdict(false); err != nil {
		t.Errorf("speed alone fails the run: %v", err)
	}
	if err := r.verdict(true); err == nil || !strings.Contains(err.Error(), "resident per idle connection: 37.0 KiB, goal ≤ 36 KiB") {
		t.Errorf("error %v, want the missed goal", err)
	}
}

func TestLeakFailsTheRun(t *testing.T) {
	for name, after := range map[string]sample{
		"goroutine": {Goroutines: 10, Descriptors: 8}, "descriptor": {Goroutines: 9, Descriptors: 9},
	} {
		r := testReport()
		r.Soak.After = after
		r.summarize()
		if err := r.verdict(false); err == nil || !strings.Contains(err.Error(), "leak over 100 flows") {
			t.Errorf("one %s more: error %v, want a leak", name, err)
		}
	}
	r := testReport()
	r.Soak.After = sample{Goroutines: 7, Descriptors: 6}
	if err := r.verdict(false); err != nil {
		t.Errorf("fewer than before: %v", err)
	}
}

func TestTable(t *testing.T) {
	r := testReport()
	r.summarize()
	var b strings.Builder
	if err := r.writeTable(&b); err != nil {
		t.Fatal(err)
	}
	plain := strings.Join(strings.Fields(b.String()), " ") // columns are as wide as they must be
	for _, want := range []string{
		"server CPU, ms per flow 1.50 (1.00…2.00) 1.60 (1.10…2.10) 1.08 (1.05…1.10) 1.85 (1.20…2.50) 1.23 (1.20…1.25)",
		"resident KiB per idle connection 30.0 37.0 1.23",
		"resident per idle connection ≤ 36 KiB 37.0 KiB MISSED",
		"goroutines 9 9 +0",
		"as cited, not measured here",
	} {
		if !strings.Contains(plain, want) {
			t.Errorf("table lacks %q:\n%s", want, b.String())
		}
	}
}

func TestJSON(t *testing.T) {
	r := testReport()
	r.summarize()
	file := filepath.Join(t.TempDir(), "figures.json")
	if err := r.writeJSON(file); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var back report
	if err := json.Unmarshal(data, &back); err != nil {
		t.Fatal(err)
	}
	if len(back.Rounds) != 2 || back.Rounds[1].Service.CPU != 2.5 || back.Idle.Service != 37<<10 || len(back.Figures) != 6 {
		t.Errorf("figures are lost on the way: %s", data)
	}
}
