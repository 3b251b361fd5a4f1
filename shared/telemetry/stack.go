package telemetry

import (
	"context"
	"log/slog"
	"runtime"
	"strconv"
	"strings"
)

// maxStackFrames bounds the attached stack: what matters is near the call.
const maxStackFrames = 32

// ownFrames begins the names of this package's functions: handlers that stand around a stackHandler.
const ownFrames = "dps/shared/telemetry."

// stackHandler adds the attribute "stacktrace" to records from a level on.
type stackHandler struct {
	next slog.Handler
	from slog.Level
}

var _ slog.Handler = stackHandler{}

// Enabled asks the handler behind.
func (h stackHandler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

// Handle adds the stack and passes the record on.
func (h stackHandler) Handle(ctx context.Context, r slog.Record) error {
	if r.Level >= h.from {
		r = r.Clone()
		r.AddAttrs(slog.String("stacktrace", stack()))
	}
	return h.next.Handle(ctx, r)
}

// WithAttrs keeps the stack on the derived logger.
func (h stackHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return stackHandler{h.next.WithAttrs(attrs), h.from}
}

// WithGroup keeps the stack on the derived logger.
func (h stackHandler) WithGroup(name string) slog.Handler {
	return stackHandler{h.next.WithGroup(name), h.from}
}

// stack is the call stack above the logging packages, one "function file:line" per line.
func stack() string {
	pcs := make([]uintptr, maxStackFrames)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs)])
	var b strings.Builder
	for {
		f, more := frames.Next()
		if !strings.HasPrefix(f.Function, "log/slog.") && !strings.HasPrefix(f.Function, ownFrames) {
			b.WriteString(f.Function + " " + f.File + ":" + strconv.Itoa(f.Line) + "\n")
		}
		if !more {
			return strings.TrimSuffix(b.String(), "\n")
		}
	}
}
