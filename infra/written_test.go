package infra_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"dps/shared/telemetry"
	"dps/shared/telemetry/emf"
	"dps/shared/telemetry/pipeline"
)

// observations and gauges are the names under which durations and states are reported (Metrics.Observe, Metrics.Gauge).
var (
	observations = []string{"function", "handshake", "invocation", "step"}
	gauges       = []string{"breaker", "cache_size", "certificate_days_left", "connections", "record_queue_age", "record_queue_length"}
)

// metricLine is a line of the embedded metric format.
type metricLine struct {
	AWS struct {
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name string }
		}
	} `json:"_aws"`
}

// exported gives what the program's own exporter writes of what is reported: by metric, its sets of dimensions, each sorted
// and joined by spaces.
func exported(t *testing.T, report func(m *telemetry.Metrics)) map[string][]string {
	t.Helper()
	var out bytes.Buffer
	e, err := emf.New(&out, emf.Options{Namespace: "DPS/dps", Common: []emf.Dimension{{Name: "service", Value: "any"}}})
	if err != nil {
		t.Fatal(err)
	}
	flusher := emf.NewFlusher(e)
	provider := pipeline.NewMetrics(pipeline.Source{Service: "any"}, flusher.Reader())
	m := telemetry.NewMetrics(telemetry.Discard())
	if _, err := m.Register(provider.Provider()); err != nil {
		t.Fatal(err)
	}
	report(m)
	if err := flusher.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if unknown := m.Unknown(); len(unknown) > 0 {
		t.Fatalf("no metric is behind %v", unknown)
	}
	return dimensionSets(t, out.String())
}

func dimensionSets(t *testing.T, lines string) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	for text := range strings.Lines(lines) {
		var l metricLine
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		for _, c := range l.AWS.CloudWatchMetrics {
			for _, m := range c.Metrics {
				for _, set := range c.Dimensions {
					all[m.Name] = append(all[m.Name], joined(set))
				}
			}
		}
	}
	return all
}

func joined(names []string) string {
	names = slices.Clone(names)
	slices.Sort(names)
	return strings.Join(names, " ")
}

// reports are what components report, and how: `Count("token_minted"` as it stands in the program's text.
func reports() map[string]func(m *telemetry.Metrics) {
	all := make(map[string]func(m *telemetry.Metrics))
	for _, event := range telemetry.Events() {
		name, reason, only := strings.Cut(strings.TrimSuffix(event, "}"), "{")
		call := `Count("` + name + `"`
		if only {
			call += `, "` + reason + `"`
		} else {
			reason = "some reason"
		}
		all[call] = func(m *telemetry.Metrics) { m.Count(name, reason) }
	}
	for _, name := range observations {
		all[`Observe("`+name+`"`] = func(m *telemetry.Metrics) { m.Observe(name, "some", "reason", time.Second) }
	}
	for _, name := range gauges {
		label := "some"
		if d, _ := telemetry.Define("dps." + strings.ReplaceAll(name, "_", ".")); d.Kind == telemetry.Gauge && len(d.Attributes) == 0 {
			label = ""
		}
		all[`Gauge("`+name+`"`] = func(m *telemetry.Metrics) { m.Gauge(name, label, func() float64 { return 1 }) }
	}
	return all
}

// emitted is one metric as the program writes it.
type emitted struct {
	sets  []string // of dimensions' names
	calls []string // what reports it
}

// metricsWritten reports everything there is to report, each by itself, through the program's own tables and exporter.
func metricsWritten(t *testing.T) map[string]emitted {
	t.Helper()
	all := make(map[string]emitted)
	for call, report := range reports() {
		for metric, sets := range exported(t, report) {
			e := all[metric]
			all[metric] = emitted{append(e.sets, sets...), append(e.calls, call)}
		}
	}
	for _, d := range telemetry.Definitions() {
		if len(all[d.Name].sets) == 0 && d.Name != "dps.telemetry.unknown" { // that is of no component
			t.Errorf("nothing reports %s here: name it among observations or gauges", d.Name)
		}
	}
	return all
}
