package emf_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.opentelemetry.io/otel/attribute"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.uber.org/goleak"

	"dps/shared/dps"
	"dps/shared/telemetry"
	"dps/shared/telemetry/emf"
	"dps/shared/telemetry/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var at = time.Date(2026, 3, 4, 5, 6, 7, 89_000_000, time.UTC)

// document is a line as CloudWatch reads it.
type document struct {
	AWS struct {
		Timestamp         int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct{ Name, Unit string }
		}
	} `json:"_aws"`
	members map[string]any
}

// documents parses what was written and holds each line against the specification.
func documents(t *testing.T, b *bytes.Buffer) (all []document) {
	t.Helper()
	for text := range strings.Lines(b.String()) {
		var d document
		if err := errors.Join(json.Unmarshal([]byte(text), &d), json.Unmarshal([]byte(text), &d.members)); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		metrics := 0
		for _, c := range d.AWS.CloudWatchMetrics {
			metrics += len(c.Metrics)
			if c.Namespace == "" || len(c.Dimensions) == 0 || len(c.Metrics) == 0 {
				t.Errorf("directive %+v is not whole", c)
			}
			for _, set := range c.Dimensions {
				if set == nil || len(set) > emf.MaxDimensions {
					t.Errorf("dimensions %v: want an array of %d at most", set, emf.MaxDimensions)
				}
				for _, name := range set {
					if v, ok := d.members[name].(string); !ok || v == "" {
						t.Errorf("dimension %s has no text: %s", name, text)
					}
				}
			}
			for _, m := range c.Metrics {
				if _, ok := d.members[m.Name]; !ok {
					t.Errorf("metric %s has no value: %s", m.Name, text)
				}
			}
		}
		if metrics == 0 || metrics > emf.MaxMetrics || d.AWS.Timestamp == 0 {
			t.Errorf("%d metrics, at %d", metrics, d.AWS.Timestamp)
		}
		all = append(all, d)
	}
	return all
}

func export(t *testing.T, o emf.Options, metrics ...metricdata.Metrics) []document {
	t.Helper()
	var b bytes.Buffer
	if o.Namespace == "" {
		o.Namespace = "DPS/test"
	}
	e, err := emf.New(&b, o)
	if err != nil {
		t.Fatal(err)
	}
	rm := &metricdata.ResourceMetrics{ScopeMetrics: []metricdata.ScopeMetrics{{Metrics: metrics}}}
	if err := e.Export(t.Context(), rm); err != nil {
		t.Fatal(err)
	}
	return documents(t, &b)
}

func sum(name string, value int64, attributes ...attribute.KeyValue) metricdata.Metrics {
	return metricdata.Metrics{Name: name, Unit: "{request}", Data: metricdata.Sum[int64]{IsMonotonic: true, Temporality: metricdata.DeltaTemporality,
		DataPoints: []metricdata.DataPoint[int64]{{Attributes: attribute.NewSet(attributes...), Time: at, Value: value}}}}
}

func TestALine(t *testing.T) {
	var b bytes.Buffer
	e, err := emf.New(&b, emf.Options{Namespace: "DPS/dev", Common: []emf.Dimension{{Name: "service", Value: "ingress"}}})
	if err != nil {
		t.Fatal(err)
	}
	rm := &metricdata.ResourceMetrics{ScopeMetrics: []metricdata.ScopeMetrics{{Metrics: []metricdata.Metrics{
		sum("dps.step.results", 3, attribute.String("dps.step", "cloud"), attribute.String("dps.code", "2.04")),
	}}}}
	if err := e.Export(t.Context(), rm); err != nil {
		t.Fatal(err)
	}
	want := `{"_aws":{"Timestamp":1772600767089,"CloudWatchMetrics":[{"Namespace":"DPS/dev",` +
		`"Dimensions":[["service","dps.code","dps.step"],["service"],["service","dps.code"]],` +
		`"Metrics":[{"Name":"dps.step.results","Unit":"Count"}]}]},` +
		`"dps.code":"2.04","dps.step":"cloud","dps.step.results":3,"service":"ingress"}` + "\n"
	if b.String() != want {
		t.Errorf("got  %s\nwant %s", b.String(), want)
	}
}

func TestMetricsOfTheSameAttributesShareALine(t *testing.T) {
	a := attribute.String("faas.invoked_name", "enroll")
	none := func(string) [][]string { return nil }
	got := export(t, emf.Options{Rollups: none}, sum("a", 1, a), sum("b", 2, a), sum("c", 3), sum("d", 0, a))
	if len(got) != 2 || len(got[0].AWS.CloudWatchMetrics) != 1 || len(got[0].AWS.CloudWatchMetrics[0].Metrics) != 2 || got[1].members["c"] != 3.0 {
		t.Errorf("got %+v", got)
	}
	if _, ok := got[0].members["d"]; ok {
		t.Error("a count of nothing is written, and paid for")
	}
	if set := got[1].AWS.CloudWatchMetrics[0].Dimensions; len(set) != 1 || len(set[0]) != 0 {
		t.Errorf("dimensions %v, want [[]]", set)
	}
}

func TestLinesAreBounded(t *testing.T) {
	var many []metricdata.Metrics
	for i := range 250 {
		many = append(many, sum(fmt.Sprint("m", i), 1))
	}
	if got := export(t, emf.Options{}, many...); len(got) != 3 {
		t.Errorf("%d lines, want 3", len(got))
	}
	var attributes []attribute.KeyValue
	for i := range 20 {
		attributes = append(attributes, attribute.String(fmt.Sprintf("a%02d", i), strings.Repeat("é", 500)))
	}
	got := export(t, emf.Options{Common: []emf.Dimension{{Name: "service", Value: "x"}}}, sum("m", 1, append(attributes, attribute.String("service", "taken"), attribute.String("empty", ""))...))
	if len(got) != 1 || len(got[0].AWS.CloudWatchMetrics[0].Dimensions[0]) != emf.MaxDimensions || got[0].members["service"] != "x" {
		t.Errorf("got %+v", got)
	}
	if v := got[0].members["a00"].(string); len(v) > 256 || strings.ContainsRune(v, '\uFFFD') {
		t.Errorf("value of %d bytes", len(v))
	}
}

func TestGaugesAndNumbersThatAreNone(t *testing.T) {
	gauge := func(name, unit string, v float64) metricdata.Metrics {
		return metricdata.Metrics{Name: name, Unit: unit, Data: metricdata.Gauge[float64]{DataPoints: []metricdata.DataPoint[float64]{{Time: at, Value: v}}}}
	}
	got := export(t, emf.Options{}, gauge("zero", "s", 0), gauge("nan", "1", math.NaN()), gauge("inf", "1", math.Inf(1)), gauge("days", "d", -1.5))
	if len(got) != 1 || got[0].members["zero"] != 0.0 || got[0].members["days"] != -1.5 || len(got[0].AWS.CloudWatchMetrics[0].Metrics) != 2 {
		t.Errorf("got %+v", got)
	}
	if u := got[0].AWS.CloudWatchMetrics[0].Metrics; u[0].Unit != "None" || u[1].Unit != "Seconds" {
		t.Errorf("units %+v", u)
	}
}

func TestHistogramsAreValuesAndCounts(t *testing.T) {
	point := metricdata.HistogramDataPoint[float64]{
		Time: at, Count: 6, Sum: 7.5, Bounds: []float64{1, 2, 4}, BucketCounts: []uint64{1, 3, 0, 2}, Min: metricdata.NewExtrema(0.5), Max: metricdata.NewExtrema(10.0),
	}
	got := export(t, emf.Options{}, metricdata.Metrics{Name: "h", Unit: "s", Data: metricdata.Histogram[float64]{DataPoints: []metricdata.HistogramDataPoint[float64]{point}}})
	if len(got) != 1 {
		t.Fatalf("%d lines", len(got))
	}
	data, _ := json.Marshal(got[0].members["h"])
	if want := `{"Count":6,"Counts":[1,3,2],"Max":10,"Min":0.5,"Sum":7.5,"Values":[0.75,1.5,7]}`; string(data) != want {
		t.Errorf("got  %s\nwant %s", data, want)
	}
}

func TestHistogramsAreBounded(t *testing.T) {
	point := metricdata.HistogramDataPoint[int64]{Time: at}
	for i := range 301 {
		point.Bounds = append(point.Bounds, float64(i+1))
		point.BucketCounts = append(point.BucketCounts, 2)
		point.Count, point.Sum = point.Count+2, point.Sum+2*int64(i)
	}
	point.BucketCounts = append(point.BucketCounts, 0)
	empty := metricdata.HistogramDataPoint[int64]{Time: at, Bounds: []float64{1}, BucketCounts: []uint64{0, 0}}
	got := export(t, emf.Options{}, metricdata.Metrics{Name: "h", Unit: "s", Data: metricdata.Histogram[int64]{DataPoints: []metricdata.HistogramDataPoint[int64]{point, empty}}})
	if len(got) != 1 {
		t.Fatalf("%d lines", len(got))
	}
	h := got[0].members["h"].(map[string]any)
	var counted float64
	for _, n := range h["Counts"].([]any) {
		counted += n.(float64)
	}
	if n := len(h["Values"].([]any)); n > emf.MaxValues || counted != 602 || h["Min"] != 0.0 || h["Max"] != 301.0 {
		t.Errorf("%d values that count %v, from %v to %v", n, counted, h["Min"], h["Max"])
	}
}

func TestFlushWritesWhatHappenedSince(t *testing.T) {
	var b bytes.Buffer
	e, err := emf.New(&b, emf.Options{Namespace: "DPS/dev", Common: []emf.Dimension{{Name: "service", Value: "enroll"}}})
	if err != nil {
		t.Fatal(err)
	}
	f := emf.NewFlusher(e)
	p := pipeline.NewMetrics(pipeline.Source{Service: "enroll"}, f.Reader())
	m := telemetry.NewMetrics(nil)
	if _, err := m.Register(p.Provider()); err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{3, 2, 0} {
		b.Reset()
		m.CountN("certificate_issued", "device", uint64(want))
		if want > 0 {
			m.Observe("function", "enroll", "ok", 20*time.Millisecond)
		}
		if err := f.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got float64
		for _, d := range documents(t, &b) {
			if v, ok := d.members["dps.certificates.issued"]; ok {
				got += v.(float64)
			}
			if h, ok := d.members["faas.invoke_duration"].(map[string]any); ok && (h["Count"] != 1.0 || h["Sum"] != 0.02 || d.members["faas.name"] != "enroll") {
				t.Errorf("duration %v", d.members)
			}
		}
		if got != want || want == 0 && b.Len() != 0 {
			t.Errorf("flush %d tells of %v, want %v: %s", i, got, want, b.String())
		}
	}
	if err := p.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := f.Flush(t.Context()); !errors.Is(err, sdkmetric.ErrReaderShutdown) {
		t.Errorf("after the end: %v", err)
	}
}

func TestPeriodicWritesDeltas(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b lockedBuffer
		e, err := emf.New(&b, emf.Options{Namespace: "DPS/dev"})
		if err != nil {
			t.Fatal(err)
		}
		p := pipeline.NewMetrics(pipeline.Source{}, e.Periodic(0))
		m := telemetry.NewMetrics(nil)
		if _, err := m.Register(p.Provider()); err != nil {
			t.Fatal(err)
		}
		m.Count("handshake_failed", "tls")
		time.Sleep(emf.DefaultInterval + time.Second) // of the bubble
		m.CountN("handshake_failed", "tls", 5)
		if err := p.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		var got []any
		for _, d := range documents(t, b.take()) {
			got = append(got, d.members["dps.handshake.failures"])
		}
		if !slices.Equal(got, []any{1.0, 5.0}) {
			t.Errorf("got %v, want 1 and 5", got)
		}
	})
}

type failing struct{ n int }

func (f *failing) Write([]byte) (int, error) { f.n++; return 0, errors.New("disk full") }

func TestALineThatCannotBeWrittenIsCounted(t *testing.T) {
	m := telemetry.NewMetrics(nil)
	w := new(failing)
	e, err := emf.New(w, emf.Options{Namespace: "n", Count: m.Count})
	if err != nil {
		t.Fatal(err)
	}
	rm := &metricdata.ResourceMetrics{ScopeMetrics: []metricdata.ScopeMetrics{{Metrics: []metricdata.Metrics{sum("a", 1), sum("b", 1, attribute.String("x", "y"))}}}}
	if err := e.Export(t.Context(), rm); err != nil || m.Get(telemetry.EventDropped, "metrics failed") != 2 {
		t.Errorf("%v, %v", err, m.Snapshot())
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if err := e.Export(gone, rm); err != nil || w.n != 2 || m.Get(telemetry.EventDropped, "metrics failed") != 4 {
		t.Errorf("%v, %d writes, %v: want none after the deadline", err, w.n, m.Snapshot())
	}
}

func TestOptionsThatCannotBe(t *testing.T) {
	for want, o := range map[string]emf.Options{
		"namespace":      {},
		"0 bytes":        {Namespace: "n", Common: []emf.Dimension{{Name: "service"}}},
		"common":         {Namespace: "n", Common: make([]emf.Dimension, emf.MaxCommon+1)},
		"256 characters": {Namespace: strings.Repeat("n", 256)},
	} {
		if _, err := emf.New(new(bytes.Buffer), o); dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("want invalid, with %s: %v", want, err)
		}
	}
}

// lockedBuffer takes lines from a reader's goroutine.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) take() *bytes.Buffer {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.NewBufferString(b.b.String())
}
