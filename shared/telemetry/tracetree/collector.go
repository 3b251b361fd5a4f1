// Package tracetree keeps the spans of a process in memory and prints a trace as a tree, for a person who wants to see where
// the time went:
//
//	device connection              412 ms
//	├─ handshake                    38 ms   accepted, group 98be…
//	│  └─ invoke enroll             12 ms
//	└─ step credential             301 ms   ✗ unavailable: the hub's authority does not answer
package tracetree

import (
	"cmp"
	"context"
	"slices"
	"sync"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// MaxSpans bounds what is kept; later spans are dropped and counted.
const MaxSpans = 10_000

// Collector keeps spans as they end. It is safe for concurrent use.
type Collector struct {
	mu      sync.Mutex
	traces  map[trace.TraceID][]sdktrace.ReadOnlySpan
	n       int
	dropped int
}

var _ sdktrace.SpanProcessor = (*Collector)(nil)

// New makes an empty collector; pipeline.TracingOptions.Also takes it.
func New() *Collector { return &Collector{traces: make(map[trace.TraceID][]sdktrace.ReadOnlySpan)} }

// OnStart implements sdktrace.SpanProcessor.
func (*Collector) OnStart(context.Context, sdktrace.ReadWriteSpan) {}

// OnEnd implements sdktrace.SpanProcessor.
func (c *Collector) OnEnd(s sdktrace.ReadOnlySpan) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.n >= MaxSpans {
		c.dropped++
		return
	}
	c.n++
	id := s.SpanContext().TraceID()
	c.traces[id] = append(c.traces[id], s)
}

// ForceFlush implements sdktrace.SpanProcessor.
func (*Collector) ForceFlush(context.Context) error { return nil }

// Shutdown implements sdktrace.SpanProcessor; the spans stay.
func (*Collector) Shutdown(context.Context) error { return nil }

// Traces gives the traces kept, in the order in which they began.
func (c *Collector) Traces() []trace.TraceID {
	c.mu.Lock()
	defer c.mu.Unlock()
	ids := make([]trace.TraceID, 0, len(c.traces))
	for id, spans := range c.traces {
		slices.SortFunc(spans, byStart)
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b trace.TraceID) int {
		return cmp.Or(byStart(c.traces[a][0], c.traces[b][0]), cmp.Compare(a.String(), b.String()))
	})
	return ids
}

// Spans gives the ended spans of a trace, by their start.
func (c *Collector) Spans(id trace.TraceID) []sdktrace.ReadOnlySpan {
	c.mu.Lock()
	defer c.mu.Unlock()
	spans := slices.Clone(c.traces[id])
	slices.SortFunc(spans, byStart)
	return spans
}

// Dropped is how many spans there was no room for.
func (c *Collector) Dropped() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.dropped
}

// Reset forgets everything.
func (c *Collector) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	clear(c.traces)
	c.n, c.dropped = 0, 0
}

func byStart(a, b sdktrace.ReadOnlySpan) int {
	return cmp.Or(a.StartTime().Compare(b.StartTime()), cmp.Compare(a.SpanContext().SpanID().String(), b.SpanContext().SpanID().String()))
}
