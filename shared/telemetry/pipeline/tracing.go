package pipeline

import (
	"context"
	"fmt"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"dps/shared/dps"
)

// Bounds of what waits for the exporter, and for how long.
const (
	MaxSpansWaiting = 4096 // ended spans that are not exported yet; further ones are dropped and counted
	batchSize       = 512
	batchInterval   = 2 * time.Second
	ShutdownTimeout = 2 * time.Second // of what is still to be exported when the program ends
	exportGrace     = time.Second     // an export that was told to end
)

// Bounds of one span; the attributes of package telemetry stay far below.
const (
	maxAttributes  = 32
	maxValueLength = 256 // bytes
)

// TracingOptions are the settings of traces.
type TracingOptions struct {
	// Ratio is the share of traces that are kept, 0 to 1, where nobody has decided before. The caller's decision counts.
	Ratio float64
	// Exporter takes batches of spans, such as that of package otlp; nil: nobody.
	Exporter sdktrace.SpanExporter
	// ExportTimeout bounds one export; 0: DefaultExportTimeout.
	ExportTimeout time.Duration
	// Also are processors beside the exporter, such as tracetree's collector.
	Also []sdktrace.SpanProcessor
	// Count is told of spans that are dropped: telemetry.EventDropped, "spans queue_full", "spans failed". nil: nobody.
	Count func(name, reason string, n uint64)
}

// DefaultExportTimeout bounds one export of spans.
const DefaultExportTimeout = 5 * time.Second

// Tracing is the SDK's tracer provider. It never makes anybody wait: spans that cannot be exported are dropped.
type Tracing struct {
	provider *sdktrace.TracerProvider
	queue    *boundedQueue // nil: no exporter
}

// NewTracing makes spans by the settings. Errors: CodeInvalid for a ratio that is none.
func NewTracing(source Source, o TracingOptions) (*Tracing, error) {
	if !(o.Ratio >= 0 && o.Ratio <= 1) { // NaN as well
		return nil, dps.Errorf(dps.CodeInvalid, "ratio of traces is %s: want 0 (none) to 1 (all)", fmt.Sprint(o.Ratio))
	}
	if o.ExportTimeout <= 0 {
		o.ExportTimeout = DefaultExportTimeout
	}
	if o.Count == nil {
		o.Count = func(string, string, uint64) {}
	}
	limits := sdktrace.NewSpanLimits()
	limits.AttributeCountLimit, limits.AttributeValueLengthLimit = maxAttributes, maxValueLength
	options := []sdktrace.TracerProviderOption{
		sdktrace.WithResource(source.Resource()), sdktrace.WithRawSpanLimits(limits),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(o.Ratio))),
	}
	t := new(Tracing)
	if o.Exporter != nil {
		t.queue = newBoundedQueue(o)
		options = append(options, sdktrace.WithSpanProcessor(t.queue))
	}
	for _, p := range o.Also {
		options = append(options, sdktrace.WithSpanProcessor(p))
	}
	t.provider = sdktrace.NewTracerProvider(options...)
	return t, nil
}

// Provider is what telemetry.NewTracer takes.
func (t *Tracing) Provider() *sdktrace.TracerProvider { return t.provider }

// Flush exports what waits, such as at the end of an invocation, until ctx is done. Errors: ctx's.
func (t *Tracing) Flush(ctx context.Context) error { return t.provider.ForceFlush(ctx) }

// Shutdown exports what waits, within ShutdownTimeout; what is not exported by then is dropped and counted. Nothing runs
// afterwards. Errors: it had to be cut off.
func (t *Tracing) Shutdown(ctx context.Context) error { return t.provider.Shutdown(ctx) }
