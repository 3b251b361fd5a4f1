package lambdahost

import (
	"context"
	"errors"
	"log/slog"
	"runtime"
	"runtime/debug"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"dps/shared/contract"
	"dps/shared/dps"
)

// Synchronous serves invocations whose caller waits: each is answered with a reply envelope, an error too, so that its code
// reaches the caller. The invocation itself never fails.
func Synchronous[Req, Rep any](h contract.Handler[Req, Rep], log *slog.Logger) Invoke {
	h = recovered(h)
	return func(ctx context.Context, event []byte) ([]byte, error) {
		ctx, cancel := inTime(ctx)
		defer cancel()
		reply, err := h.Serve(ctx, event)
		logFailure(ctx, log, err)
		return reply, nil
	}
}

// Asynchronous serves invocations whose caller has gone: nobody reads a reply, so that an error, of whatever code, fails the
// invocation. The platform then delivers the event again, and at last puts it into the dead-letter queue. The whole event
// comes again, even where a part of it was stored: the handler must be idempotent.
func Asynchronous[Req, Rep any](h contract.Handler[Req, Rep], log *slog.Logger) Invoke {
	h = recovered(h)
	return func(ctx context.Context, event []byte) ([]byte, error) {
		ctx, cancel := inTime(ctx)
		defer cancel()
		reply, err := h.Serve(ctx, event)
		logFailure(ctx, log, err)
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

// logFailure logs an error with its detail: a defect as an error, a dependency's trouble as a warning, and what the request
// itself is to blame for, which the caller hears of, only for those who debug.
func logFailure(ctx context.Context, log *slog.Logger, err error) {
	if err == nil {
		return
	}
	code := dps.CodeOf(err)
	level := slog.LevelDebug
	switch code {
	case dps.CodeInternal:
		level = slog.LevelError
	case dps.CodeUnavailable, dps.CodeThrottled:
		level = slog.LevelWarn
	}
	attributes := []slog.Attr{slog.String("code", string(code)), slog.Any("error", err)}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		attributes = append(attributes, slog.String("requestId", lc.AwsRequestID))
	}
	if p := (*panicked)(nil); errors.As(err, &p) {
		attributes = append(attributes, slog.String("stacktrace", p.stack))
	}
	log.LogAttrs(ctx, level, "invocation failed", attributes...)
}
