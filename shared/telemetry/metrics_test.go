package telemetry_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"dps/shared/telemetry"
)

// collected registers m with a reader and gives what a collection holds, by instrument and attributes.
func collected(t testing.TB, m *telemetry.Metrics) func() map[string]float64 {
	t.Helper()
	reader := sdkmetric.NewManualReader()
	provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader))
	t.Cleanup(func() { _ = provider.Shutdown(t.Context()) })
	stop, err := m.Register(provider)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return func() map[string]float64 {
		var rm metricdata.ResourceMetrics
		if err := reader.Collect(t.Context(), &rm); err != nil {
			t.Fatal(err)
		}
		return flatten(rm)
	}
}

func flatten(rm metricdata.ResourceMetrics) map[string]float64 {
	all := map[string]float64{}
	for _, scope := range rm.ScopeMetrics {
		for _, m := range scope.Metrics {
			switch data := m.Data.(type) {
			case metricdata.Sum[int64]:
				for _, p := range data.DataPoints {
					all[m.Name+labels(p.Attributes)] = float64(p.Value)
				}
			case metricdata.Gauge[float64]:
				for _, p := range data.DataPoints {
					all[m.Name+labels(p.Attributes)] = p.Value
				}
			case metricdata.Histogram[float64]:
				for _, p := range data.DataPoints {
					all[m.Name+labels(p.Attributes)] = p.Sum
				}
			}
		}
	}
	return all
}

func labels(set attribute.Set) string {
	var all []string
	for _, kv := range set.ToSlice() {
		all = append(all, string(kv.Key)+"="+kv.Value.String())
	}
	return "{" + strings.Join(all, ",") + "}"
}

func TestEventsBecomeInstruments(t *testing.T) {
	for _, tt := range []struct{ name, reason, want string }{
		{"issuer_cache", "hit", "dps.cache.events{dps.cache=issuer,dps.outcome=hit}"},
		{"oauth_client", "stale", "dps.cache.events{dps.cache=oauth_client,dps.outcome=stale}"},
		{"attestation_refused", "expired_leaf", "dps.attestation.refusals{dps.rule=expired_leaf}"},
		{"step_cloud", "2.04", "dps.step.results{dps.code=2.04,dps.step=cloud}"},
		{"dependency", "OAuth server retried", "dps.dependency.calls{dps.dependency=OAuth server,dps.outcome=retried}"},
		{"dependency", "nonsense", "dps.dependency.calls{dps.dependency=nonsense,dps.outcome=other}"},
		{"invocation", "enroll ok", "dps.invocations{dps.outcome=ok,faas.invoked_name=enroll}"},
		{"record", "stored", "dps.record.deliveries{dps.outcome=stored}"},
		{"record", "lost", "dps.records.lost{}"},
		{"connection_refused", "", "dps.connection.refusals{}"},
		{"telemetry_dropped", "spans queue_full", "dps.telemetry.dropped{dps.reason=queue_full,dps.signal=spans}"},
		{"no such thing", "x", "dps.telemetry.unknown{}"},
	} {
		t.Run(tt.name+" "+tt.reason, func(t *testing.T) {
			m := telemetry.NewMetrics(nil)
			collect := collected(t, m)
			m.Count(tt.name, tt.reason)
			m.CountN(tt.name, tt.reason, 2)
			got := collect()
			if len(got) != 1 || got[tt.want] != 3 {
				t.Errorf("got %v, want %s 3 times", got, tt.want)
			}
			if m.Get(tt.name, tt.reason) != 3 {
				t.Errorf("Get = %d, want 3", m.Get(tt.name, tt.reason))
			}
		})
	}
}

func TestCountsBeforeRegisterAreExported(t *testing.T) {
	m := telemetry.NewMetrics(nil)
	m.Count("handshake_failed", "timeout")
	if got := collected(t, m)(); got["dps.handshake.failures{dps.reason=timeout}"] != 1 {
		t.Errorf("got %v", got)
	}
}

func TestEveryEventHasAnInstrumentOfItsKind(t *testing.T) {
	m := telemetry.NewMetrics(nil)
	collect := collected(t, m)
	for _, name := range telemetry.Events() {
		event, reason, found := strings.Cut(strings.TrimSuffix(name, "}"), "{")
		if !found {
			reason = "a b"
		}
		m.Count(event, reason)
	}
	for _, name := range []string{"function", "handshake", "invocation", "step"} {
		m.Observe(name, "a", "b", time.Second)
	}
	for _, name := range []string{"breaker", "cache_size", "certificate_days_left", "connections", "record_queue_age", "record_queue_length"} {
		m.Gauge(name, "a", func() float64 { return 1 })
	}
	if unknown := m.Unknown(); len(unknown) != 0 {
		t.Errorf("unknown: %v", unknown)
	}
	emitted := map[string]bool{}
	for key := range collect() {
		emitted[key[:strings.IndexByte(key, '{')]] = true
	}
	for _, d := range telemetry.Definitions() {
		if !emitted[d.Name] && d.Name != "dps.telemetry.unknown" {
			t.Errorf("nothing is reported under %s: an event, an observation or a gauge is missing", d.Name)
		}
	}
}

func TestDefinitionsAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range telemetry.Definitions() {
		if seen[d.Name] || d.Unit == "" || !strings.HasSuffix(d.Description, ".") || len(d.Attributes) > 2 || d.Name != strings.ToLower(d.Name) {
			t.Errorf("%+v: want one of its name, a unit, a sentence, two attributes at most", d)
		}
		seen[d.Name] = true
		if (d.Kind == telemetry.Histogram) != (len(d.Buckets) > 0) || !slices.IsSorted(d.Buckets) {
			t.Errorf("%s: buckets %v", d.Name, d.Buckets)
		}
		if len(d.Attributes) > 0 && (d.Series < 2 || d.Series > 64) {
			t.Errorf("%s: %d series, want 2 to 64", d.Name, d.Series)
		}
		for _, r := range d.Rollups {
			for _, key := range r {
				if !slices.Contains(d.Attributes, key) {
					t.Errorf("%s: rollup by %s, which it does not have", d.Name, key)
				}
			}
		}
		if found, ok := telemetry.Define(d.Name); !ok || found.Unit != d.Unit {
			t.Errorf("Define(%s) = %+v, %t", d.Name, found, ok)
		}
	}
	if _, ok := telemetry.Define("dps.none"); ok {
		t.Error("Define finds what is not there")
	}
}

func TestObserve(t *testing.T) {
	m := telemetry.NewMetrics(nil)
	m.Observe("step", "cloud", "2.04", time.Hour) // nobody collects yet
	collect := collected(t, m)
	m.Observe("step", "cloud", "2.04", 250*time.Millisecond)
	m.Observe("step", "cloud", "2.04", 500*time.Millisecond)
	m.Observe("handshake", "tcp", "accepted", time.Second)
	want := map[string]float64{
		"dps.step.duration{dps.code=2.04,dps.step=cloud}":                    .75,
		"dps.handshake.duration{dps.outcome=accepted,network.transport=tcp}": 1,
	}
	got := collect()
	if len(got) != len(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	for key, value := range want {
		if got[key] != value {
			t.Errorf("%s = %v, want %v", key, got[key], value)
		}
	}
}

func TestGaugesAreReadUntilStopped(t *testing.T) {
	m := telemetry.NewMetrics(nil)
	collect := collected(t, m)
	const key = "dps.connections{dps.state=open}"
	first := m.Gauge("connections", "open", func() float64 { return 1 })
	second := m.Gauge("connections", "open", func() float64 { return 2 })
	if got := collect(); got[key] != 2 || len(got) != 1 {
		t.Errorf("got %v, want the later gauge", got)
	}
	first() // was replaced: stopping it takes nothing away
	if got := collect(); got[key] != 2 {
		t.Errorf("got %v, want the later gauge still", got)
	}
	second()
	if got := collect(); len(got) != 0 {
		t.Errorf("got %v after the stop", got)
	}
}

func TestAGaugeMayReport(t *testing.T) {
	m := telemetry.NewMetrics(nil)
	collect := collected(t, m)
	m.Gauge("connections", "open", func() float64 {
		m.Count("generation_poll", "failed")
		m.Gauge("connections", "half_open", func() float64 { return 0 })
		return 1
	})
	if got := collect(); got["dps.connections{dps.state=open}"] != 1 {
		t.Errorf("got %v", got)
	}
}

func TestUnknownNamesAreToldOnce(t *testing.T) {
	var b bytes.Buffer
	var m *telemetry.Metrics
	m = telemetry.NewMetrics(slog.New(counting{telemetry.NewLogger(&b, telemetry.LogOptions{}).Handler(), func() { m.Count("log_suppressed", "error") }}))
	collect := collected(t, m)
	for range 3 {
		m.Count("nonsense", "a")
		m.Count("nonsense", "b")
		m.Observe("rubbish", "a", "b", time.Second)
		m.Gauge("junk", "a", func() float64 { return 1 })()
	}
	if got := m.Unknown(); !slices.Equal(got, []string{"junk", "nonsense", "rubbish"}) {
		t.Errorf("Unknown = %v", got)
	}
	if n := strings.Count(b.String(), "\n"); n != 3 {
		t.Errorf("%d lines, want 3:\n%s", n, b.String())
	}
	if got := collect()["dps.telemetry.unknown{}"]; got != 12 {
		t.Errorf("unknown = %v, want 12", got)
	}
}

func TestSeriesAreBounded(t *testing.T) {
	for _, tt := range []struct {
		instrument string
		report     func(m *telemetry.Metrics, value string)
	}{
		{"dps.attestation.refusals", func(m *telemetry.Metrics, v string) { m.Count("attestation_refused", v) }},
		{"dps.step.duration", func(m *telemetry.Metrics, v string) { m.Observe("step", v, v, time.Second) }},
		{"dps.cache.size", func(m *telemetry.Metrics, v string) { m.Gauge("cache_size", v, func() float64 { return 1 }) }},
	} {
		t.Run(tt.instrument, func(t *testing.T) {
			m := telemetry.NewMetrics(nil)
			collect := collected(t, m)
			for i := range 1000 {
				tt.report(m, fmt.Sprint(i))
			}
			d, _ := telemetry.Define(tt.instrument)
			n, other := 0, false
			for key := range collect() {
				if strings.HasPrefix(key, tt.instrument+"{") {
					n++
					other = other || strings.Contains(key, "=other")
				}
			}
			if n != d.Series || !other {
				t.Errorf("%d series, with other: %t; want %d, with other", n, other, d.Series)
			}
		})
	}
}

func TestValuesAreBounded(t *testing.T) {
	m := telemetry.NewMetrics(nil)
	collect := collected(t, m)
	m.Count("handshake_failed", strings.Repeat("é", 100))
	for key := range collect() {
		if len(key) > 120 || !strings.Contains(key, "é") || strings.Contains(key, "\xc3}") {
			t.Errorf("value is not cut at a character: %q", key)
		}
	}
}

func TestMetricsConcurrently(t *testing.T) {
	m := telemetry.NewMetrics(nil)
	collect := collected(t, m)
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for j := range 200 {
				m.Count("step_cloud", fmt.Sprint(j%40))
				m.Observe("step", "cloud", fmt.Sprint((i+j)%40), time.Millisecond)
				if j%50 == 0 {
					collect()
				}
			}
		})
	}
	wg.Wait()
	var total float64
	for key, n := range collect() {
		if strings.HasPrefix(key, "dps.step.results") {
			total += n
		}
	}
	if total != 1600 {
		t.Errorf("counted %v, want 1600", total)
	}
}

func TestReportingAllocatesNothing(t *testing.T) {
	m := telemetry.NewMetrics(nil)
	collected(t, m)
	var c telemetry.Counters
	for name, f := range map[string]func(){
		"Counters.Add": func() { c.Add("step_cloud", "2.04") },
		"Count":        func() { m.Count("step_cloud", "2.04") },
		"Observe":      func() { m.Observe("step", "cloud", "2.04", time.Millisecond) },
	} {
		f()
		if n := testing.AllocsPerRun(1000, f); n != 0 {
			t.Errorf("%s allocates %v times", name, n)
		}
	}
}

func BenchmarkCounters(b *testing.B) {
	b.ReportAllocs()
	var c telemetry.Counters
	for b.Loop() {
		c.Add("step_cloud", "2.04")
	}
}

func BenchmarkCount(b *testing.B) {
	b.ReportAllocs()
	m := telemetry.NewMetrics(nil)
	collected(b, m)
	for b.Loop() {
		m.Count("step_cloud", "2.04")
	}
}

func BenchmarkObserve(b *testing.B) {
	b.ReportAllocs()
	m := telemetry.NewMetrics(nil)
	collected(b, m)
	for b.Loop() {
		m.Observe("step", "cloud", "2.04", time.Millisecond)
	}
}
