package lambdahost

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/telemetry"
	"dps/shared/telemetry/powertools"
)

// Synchronous serves invocations whose caller waits: each is answered with a reply envelope, an error too, so that its code
// reaches the caller. The invocation itself never fails.
func Synchronous[Req, Rep any](h contract.Handler[Req, Rep], host *Host) Invoke {
	h = traced(recovered(h), host)
	return func(ctx context.Context, event []byte) ([]byte, error) {
		ctx, i := host.begin(ctx)
		reply, err := h.Serve(ctx, event)
		i.end(ctx, err)
		return reply, nil
	}
}

// Asynchronous serves invocations whose caller has gone: nobody reads a reply, so that an error, of whatever code, fails the
// invocation. The platform then delivers the event again, and at last puts it into the dead-letter queue. The whole event
// comes again, even where a part of it was stored: the handler must be idempotent.
func Asynchronous[Req, Rep any](h contract.Handler[Req, Rep], host *Host) Invoke {
	h = traced(recovered(h), host)
	return func(ctx context.Context, event []byte) ([]byte, error) {
		ctx, i := host.begin(ctx)
		reply, err := h.Serve(ctx, event)
		i.end(ctx, err)
		if err != nil {
			return nil, failure(err)
		}
		return reply, nil
	}
}

// failure is what the platform hears of an error: code and message, which the dead-letter queue keeps beside the event.
func failure(err error) error {
	e := dps.AsError(err)
	message := e.Message
	if e.Code == dps.CodeInternal {
		message = "internal error"
	}
	return messages.InvokeResponse_Error{Type: string(e.Code), Message: message}
}

// recovered turns a panic into CodeInternal: the process serves on, as a handler keeps nothing between invocations.
func recovered[Req, Rep any](h contract.Handler[Req, Rep]) contract.Handler[Req, Rep] {
	return func(ctx context.Context, req Req) (rep Rep, err error) {
		defer func() {
			if p := recover(); p != nil {
				var none Rep
				rep, err = none, asPanicked(p)
			}
		}()
		return h(ctx, req)
	}
}

// panicked is the cause of the error that a panic becomes.
type panicked struct {
	what  string
	stack string
}

// Error tells what it was, never with which values: they may come from the request.
func (p *panicked) Error() string { return "panic: " + p.what }

func asPanicked(p any) error {
	cause := &panicked{what: "a value of the program's own", stack: string(debug.Stack())}
	if r, ok := p.(runtime.Error); ok {
		cause.what = r.Error()
	}
	return dps.Wrap(dps.CodeInternal, cause, "the function panicked")
}

// traced puts what the handler does below its caller's span.
func traced[Req, Rep any](h contract.Handler[Req, Rep], host *Host) contract.Handler[Req, Rep] {
	return func(ctx context.Context, req Req) (Rep, error) {
		facts, _ := powertools.From(ctx)
		ctx, span := host.tracer.Serve(telemetry.Extract(ctx, contract.Traceparent(ctx)), "function "+host.name,
			telemetry.Invocation(facts.RequestID), telemetry.ColdStart(facts.ColdStart))
		rep, err := h(ctx, req)
		span.End(err)
		return rep, err
	}
}

// outcomeOf is what came of an invocation, in a word.
func outcomeOf(err error) string {
	if err == nil {
		return "ok"
	}
	return string(dps.CodeOf(err))
}

// logInvocation writes the invocation's one line. A defect is an error, a dependency's trouble a warning; what the request itself is
// to blame for, its caller hears of.
func logInvocation(ctx context.Context, log *slog.Logger, err error, attributes []slog.Attr) {
	level, message := slog.LevelInfo, "invocation"
	if err != nil {
		level, message = slog.LevelInfo, "invocation refused"
		attributes = append(attributes, slog.Any("error", err))
	}
	switch dps.CodeOf(err) {
	case dps.CodeInternal:
		level, message = slog.LevelError, "invocation failed"
	case dps.CodeUnavailable, dps.CodeThrottled:
		level, message = slog.LevelWarn, "invocation failed"
	}
	if p := (*panicked)(nil); errors.As(err, &p) {
		attributes = append(attributes, slog.String("stacktrace", p.stack))
	}
	log.LogAttrs(ctx, level, message, attributes...)
}
