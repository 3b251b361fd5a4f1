package pipeline

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"dps/shared/telemetry"
)

// Why spans are dropped.
const (
	droppedFull     = "spans queue_full"
	droppedFailed   = "spans failed"
	droppedShutdown = "spans shutdown"
)

// boundedQueue is the SDK's batch processor, with its losses counted, which the SDK does not tell, and with an end, which an
// export that hangs would keep it from.
type boundedQueue struct {
	batches sdktrace.SpanProcessor
	export  *countedExporter
	count   func(name, reason string, n uint64)
}

var _ sdktrace.SpanProcessor = (*boundedQueue)(nil)

func newBoundedQueue(o TracingOptions) *boundedQueue {
	life, end := context.WithCancel(context.Background())
	e := &countedExporter{next: o.Exporter, count: o.Count, life: life, end: end, closed: make(chan struct{})}
	return &boundedQueue{
		export: e, count: o.Count,
		// One more than are ever in it, so that it drops none itself, unseen.
		batches: sdktrace.NewBatchSpanProcessor(e, sdktrace.WithMaxQueueSize(MaxSpansWaiting+1),
			sdktrace.WithMaxExportBatchSize(batchSize), sdktrace.WithBatchTimeout(batchInterval), sdktrace.WithExportTimeout(o.ExportTimeout)),
	}
}

// OnStart implements sdktrace.SpanProcessor.
func (*boundedQueue) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd takes an ended span, or drops it: it never waits.
func (q *boundedQueue) OnEnd(s sdktrace.ReadOnlySpan) {
	if !s.SpanContext().IsSampled() {
		return
	}
	if q.export.waiting.Add(1) > MaxSpansWaiting {
		q.export.waiting.Add(-1)
		q.count(telemetry.EventDropped, droppedFull, 1)
		return
	}
	q.batches.OnEnd(s)
}

// ForceFlush implements sdktrace.SpanProcessor.
func (q *boundedQueue) ForceFlush(ctx context.Context) error { return q.batches.ForceFlush(ctx) }

// Shutdown implements sdktrace.SpanProcessor, within ShutdownTimeout.
func (q *boundedQueue) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ShutdownTimeout)
	defer cancel()
	err := q.batches.Shutdown(ctx)
	q.export.end() // whatever is still under way fails now
	grace := time.NewTimer(exportGrace)
	defer grace.Stop()
	select {
	case <-q.export.closed:
	case <-grace.C:
	}
	if left := q.export.waiting.Swap(0); left > 0 {
		q.count(telemetry.EventDropped, droppedShutdown, uint64(left))
	}
	return err
}

// countedExporter tells how many spans the exporter behind did not bring to the collector, and ends its exports with itself.
// The SDK hears of no error: it would print it to where nobody looks. The exporter behind has logged it.
type countedExporter struct {
	next    sdktrace.SpanExporter
	count   func(name, reason string, n uint64)
	life    context.Context //nolint:containedctx // its end is the exporter's
	end     context.CancelFunc
	waiting atomic.Int64 // spans handed over and not exported yet

	once   sync.Once
	closed chan struct{}
}

var _ sdktrace.SpanExporter = (*countedExporter)(nil)

// ExportSpans implements sdktrace.SpanExporter.
func (e *countedExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(e.life, cancel)() //nolint:contextcheck // the exporter's end is the end of all its exports
	err := e.next.ExportSpans(ctx, spans)
	e.waiting.Add(-int64(len(spans)))
	if err != nil {
		e.count(telemetry.EventDropped, droppedFailed, uint64(len(spans)))
	}
	return nil
}

// Shutdown implements sdktrace.SpanExporter.
func (e *countedExporter) Shutdown(ctx context.Context) error {
	defer e.once.Do(func() { close(e.closed) })
	return e.next.Shutdown(ctx)
}
