package telemetry

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
)

// Keys of what a log line says of its trace, as OpenTelemetry names them in formats that are not its own.
const (
	TraceIDKey = "trace_id"
	SpanIDKey  = "span_id"
)

// traceHandler adds trace and span of the context to lines, so that a line leads to its trace and back.
type traceHandler struct{ next slog.Handler }

var _ slog.Handler = traceHandler{}

// WithTraceIDs wraps a handler: lines logged with a context that has a span get "trace_id" and "span_id".
func WithTraceIDs(next slog.Handler) slog.Handler { return traceHandler{next} }

// Enabled asks the handler behind.
func (h traceHandler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

// Handle adds the ids and passes the record on.
func (h traceHandler) Handle(ctx context.Context, r slog.Record) error {
	if sc := trace.SpanContextFromContext(ctx); sc.IsValid() {
		r = r.Clone()
		r.AddAttrs(slog.String(TraceIDKey, sc.TraceID().String()), slog.String(SpanIDKey, sc.SpanID().String()))
	}
	return h.next.Handle(ctx, r)
}

// WithAttrs keeps the ids on the derived logger.
func (h traceHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return traceHandler{h.next.WithAttrs(attrs)}
}

// WithGroup keeps the ids on the derived logger; they then stand in the group.
func (h traceHandler) WithGroup(name string) slog.Handler {
	return traceHandler{h.next.WithGroup(name)}
}
