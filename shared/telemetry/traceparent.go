package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// maxTraceparent bounds what is parsed, in bytes: version 00 has 55, later ones may add to it (W3C Trace Context §3.2).
const maxTraceparent = 128

// field carries one header of the W3C Trace Context.
type field struct{ traceparent string }

var _ propagation.TextMapCarrier = (*field)(nil)

const traceparentKey = "traceparent"

// Get implements propagation.TextMapCarrier.
func (f *field) Get(key string) string {
	if key == traceparentKey {
		return f.traceparent
	}
	return ""
}

// Set implements propagation.TextMapCarrier; tracestate is not passed on.
func (f *field) Set(key, value string) {
	if key == traceparentKey {
		f.traceparent = value
	}
}

// Keys implements propagation.TextMapCarrier.
func (*field) Keys() []string { return []string{traceparentKey} }

// Inject gives the W3C traceparent of the span in ctx, for a field of a request; "" where there is none.
func Inject(ctx context.Context) string {
	if !trace.SpanContextFromContext(ctx).IsValid() {
		return ""
	}
	var f field
	propagation.TraceContext{}.Inject(ctx, &f)
	return f.traceparent
}

// Extract puts the caller's span into ctx. A traceparent that is none is ignored: it never fails a request.
func Extract(ctx context.Context, traceparent string) context.Context {
	if traceparent == "" || len(traceparent) > maxTraceparent {
		return ctx
	}
	return propagation.TraceContext{}.Extract(ctx, &field{traceparent})
}

// TraceID is the trace of the span in ctx, in 32 hex digits; "" where there is none.
func TraceID(ctx context.Context) string {
	if sc := trace.SpanContextFromContext(ctx); sc.HasTraceID() {
		return sc.TraceID().String()
	}
	return ""
}
