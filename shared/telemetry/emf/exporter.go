// Package emf writes metrics to a log in CloudWatch's embedded metric format: JSON lines that CloudWatch Logs takes metrics out
// of, without an agent, a call, or a permission. The format is that of "Specification: Embedded metric format" in the
// CloudWatch user guide, histograms as its agent writes them: values and their counts.
package emf

import (
	"context"
	"encoding/json"
	"io"
	"sync"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"dps/shared/dps"
	"dps/shared/telemetry"
)

// Bounds of a line: CloudWatch takes 100 metrics and 100 values of one, and each combination of dimensions' values is a metric
// that is paid for.
const (
	MaxMetrics    = 100
	MaxValues     = 100
	MaxDimensions = 9
	MaxCommon     = 7 // dimensions of every line: instruments have two attributes at most
	maxNamespace  = 255
	maxValue      = 256 // bytes of a dimension's value
)

// DefaultInterval is between two exports of a process that stays.
const DefaultInterval = time.Minute

const droppedMetrics = "metrics failed"

// Dimension is a name and its value.
type Dimension struct{ Name, Value string }

// Options say where the metrics belong.
type Options struct {
	Namespace string      // DPS/STACK
	Common    []Dimension // of every metric, such as {"service", "ingress"}; MaxCommon at most
	// Rollups are further sets of an instrument's attributes by which it is kept, beside all of them; nil: the table's.
	Rollups func(instrument string) [][]string
	// Count is told of lines that could not be written: telemetry.EventDropped. nil: nobody.
	Count func(name, reason string)
}

// Exporter writes what a reader collects. Deltas: each line holds what happened since the last one, so that CloudWatch may add
// up; what did not change is not written. It is safe for concurrent use.
type Exporter struct {
	o  Options
	mu sync.Mutex // of w: lines come whole
	w  io.Writer
}

var _ sdkmetric.Exporter = (*Exporter)(nil)

// New makes an exporter that writes each line with one call of Write. Errors: CodeInvalid, naming the option.
func New(w io.Writer, o Options) (*Exporter, error) {
	switch {
	case o.Namespace == "" || len(o.Namespace) > maxNamespace:
		return nil, dps.Errorf(dps.CodeInvalid, "namespace of metrics has %d characters, want 1 to %d", len(o.Namespace), maxNamespace)
	case len(o.Common) > MaxCommon:
		return nil, dps.Errorf(dps.CodeInvalid, "%d common dimensions of metrics, at most %d are taken", len(o.Common), MaxCommon)
	}
	for _, d := range o.Common {
		if d.Name == "" || d.Value == "" || len(d.Value) > maxValue {
			return nil, dps.Errorf(dps.CodeInvalid, "dimension %q of metrics has a value of %d bytes: want a name, and 1 to %d bytes", d.Name, len(d.Value), maxValue)
		}
	}
	if o.Rollups == nil {
		o.Rollups = rollupsOf
	}
	if o.Count == nil {
		o.Count = func(string, string) {}
	}
	return &Exporter{o: o, w: w}, nil
}

func rollupsOf(instrument string) [][]string {
	d, _ := telemetry.Define(instrument)
	return d.Rollups
}

// Periodic is a reader that writes every interval, for a process that stays; 0 is DefaultInterval.
func (e *Exporter) Periodic(interval time.Duration) sdkmetric.Reader {
	if interval <= 0 {
		interval = DefaultInterval
	}
	return sdkmetric.NewPeriodicReader(e, sdkmetric.WithInterval(interval))
}

// Temporality implements sdkmetric.Exporter.
func (*Exporter) Temporality(k sdkmetric.InstrumentKind) metricdata.Temporality {
	return temporality(k)
}

// Aggregation implements sdkmetric.Exporter.
func (*Exporter) Aggregation(k sdkmetric.InstrumentKind) sdkmetric.Aggregation {
	return sdkmetric.DefaultAggregationSelector(k)
}

// Export implements sdkmetric.Exporter. A line that cannot be written is counted and lost: there is no error.
func (e *Exporter) Export(ctx context.Context, rm *metricdata.ResourceMetrics) error {
	lines := collect(rm, e.o)
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, l := range lines {
		if ctx.Err() != nil || e.write(l) != nil {
			e.o.Count(telemetry.EventDropped, droppedMetrics)
		}
	}
	return nil
}

func (e *Exporter) write(l *line) error {
	data, err := json.Marshal(l.document(e.o))
	if err != nil {
		return err
	}
	_, err = e.w.Write(append(data, '\n'))
	return err
}

// ForceFlush implements sdkmetric.Exporter: nothing waits here.
func (*Exporter) ForceFlush(context.Context) error { return nil }

// Shutdown implements sdkmetric.Exporter: the writer is its owner's.
func (*Exporter) Shutdown(context.Context) error { return nil }

func temporality(k sdkmetric.InstrumentKind) metricdata.Temporality {
	switch k {
	case sdkmetric.InstrumentKindCounter, sdkmetric.InstrumentKindObservableCounter, sdkmetric.InstrumentKindHistogram:
		return metricdata.DeltaTemporality
	default:
		return metricdata.CumulativeTemporality
	}
}
