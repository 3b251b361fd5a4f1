package telemetry

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"dps/shared/dps"
)

// maxSpanName bounds a span's name, in bytes.
const maxSpanName = 64

// Tracer makes spans. A nil Tracer makes none and costs nothing, so that components need not ask whether anybody traces.
type Tracer struct{ tracer trace.Tracer }

// NewTracer makes spans of the provider's; nil gives a Tracer that makes none.
func NewTracer(provider trace.TracerProvider) *Tracer {
	if provider == nil {
		return nil
	}
	return &Tracer{provider.Tracer(Scope)}
}

// Span is one piece of work under way. A nil Span takes everything and does nothing.
type Span struct{ span trace.Span }

// Start begins a span inside this process, under the one in ctx. The caller must End it. name is a constant of the code, or
// of such: no span has an id in its name.
func (t *Tracer) Start(ctx context.Context, name string, attributes ...SpanAttribute) (context.Context, *Span) {
	return t.start(ctx, name, trace.SpanKindInternal, attributes)
}

// Serve begins the span of a request that came from outside: a device's, or an invocation.
func (t *Tracer) Serve(ctx context.Context, name string, attributes ...SpanAttribute) (context.Context, *Span) {
	return t.start(ctx, name, trace.SpanKindServer, attributes)
}

// Call begins the span of a request to another program.
func (t *Tracer) Call(ctx context.Context, name string, attributes ...SpanAttribute) (context.Context, *Span) {
	return t.start(ctx, name, trace.SpanKindClient, attributes)
}

func (t *Tracer) start(ctx context.Context, name string, kind trace.SpanKind, attributes []SpanAttribute) (context.Context, *Span) {
	if t == nil {
		return ctx, nil
	}
	ctx, span := t.tracer.Start(ctx, bounded(name, maxSpanName), trace.WithSpanKind(kind))
	if !span.IsRecording() {
		return ctx, nil
	}
	s := &Span{span}
	s.Set(attributes...)
	return ctx, s
}

// Context gives ctx with the span in it, for work that begins elsewhere than where the span did.
func (s *Span) Context(ctx context.Context) context.Context {
	if s == nil {
		return ctx
	}
	return trace.ContextWithSpan(ctx, s.span)
}

// Set adds what became known on the way.
func (s *Span) Set(attributes ...SpanAttribute) {
	if s == nil || len(attributes) == 0 {
		return
	}
	kvs := make([]attribute.KeyValue, 0, len(attributes))
	for _, a := range attributes {
		if a.kv.Valid() {
			kvs = append(kvs, a.kv)
		}
	}
	s.span.SetAttributes(kvs...)
}

// End ends the span. Of an error it keeps the code and the message that is made for operators; what it wraps is for the log
// alone, as it may come from anywhere.
func (s *Span) End(err error) {
	if s == nil {
		return
	}
	if e := dps.AsError(err); e != nil {
		s.span.SetAttributes(attribute.String(AttrError, string(e.Code)))
		s.span.SetStatus(codes.Error, redactText(bounded(e.Message, maxSpanValue)))
	}
	s.span.End()
}

// Fail ends the span as failed where there is no error to show, such as a refusal whose reason is an attribute.
func (s *Span) Fail(reason string) {
	if s == nil {
		return
	}
	s.span.SetAttributes(attribute.String(AttrError, bounded(reason, maxAttributeLength)))
	s.span.SetStatus(codes.Error, bounded(reason, maxSpanValue))
	s.span.End()
}

// Begin begins a span under the one in ctx, for components that are given no Tracer: where nobody traces the request, it makes
// none and costs nothing.
func Begin(ctx context.Context, name string, attributes ...SpanAttribute) (context.Context, *Span) {
	return under(ctx).Start(ctx, name, attributes...)
}

// BeginCall is Begin for a request to another program.
func BeginCall(ctx context.Context, name string, attributes ...SpanAttribute) (context.Context, *Span) {
	return under(ctx).Call(ctx, name, attributes...)
}

// under is the tracer of the span in ctx.
func under(ctx context.Context) *Tracer {
	parent := trace.SpanFromContext(ctx)
	if !parent.IsRecording() {
		return nil
	}
	return NewTracer(parent.TracerProvider())
}
