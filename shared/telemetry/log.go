package telemetry

import (
	"io"
	"log/slog"
	"strings"
	"time"
)

// LogOptions says what is logged and how. The zero value logs JSON from level info, times in RFC 3339 with nanoseconds.
type LogOptions struct {
	Level           slog.Level // the least that is logged
	Console         bool       // readable lines instead of JSON
	Seconds         bool       // times with seconds only, not nanoseconds
	Stacktrace      bool       // attach the call stack ...
	StacktraceLevel slog.Level // ... from this level on
}

// NewLogger makes a logger that writes one line per record to w. Each line is written with one call of Write. Lines carry the
// ids of their context's span, and no secrets: see WithTraceIDs, WithRedaction.
func NewLogger(w io.Writer, o LogOptions) *slog.Logger {
	var h slog.Handler
	if o.Console {
		h = newConsoleHandler(w, o)
	} else {
		h = slog.NewJSONHandler(w, &slog.HandlerOptions{Level: o.Level, ReplaceAttr: o.replace})
	}
	h = WithTraceIDs(WithRedaction(h))
	if o.Stacktrace {
		h = stackHandler{next: h, from: o.StacktraceLevel}
	}
	return slog.New(h)
}

// Discard makes a logger that drops everything.
func Discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

// ParseLevel reads a level as configuration files write it: debug, info, warn or error.
func ParseLevel(s string) (slog.Level, bool) {
	switch strings.ToLower(s) {
	case "debug":
		return slog.LevelDebug, true
	case "info":
		return slog.LevelInfo, true
	case "warn":
		return slog.LevelWarn, true
	case "error":
		return slog.LevelError, true
	default:
		return 0, false
	}
}

// layout is the time format of each line.
func (o LogOptions) layout() string {
	if o.Seconds {
		return time.RFC3339
	}
	return time.RFC3339Nano
}

// replace gives the built-in attributes the form that log collectors of the predecessor already parse: lower-case
// levels and text times. Attributes inside groups are the caller's own.
func (o LogOptions) replace(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch a.Key {
	case slog.TimeKey:
		if a.Value.Kind() == slog.KindTime {
			a.Value = slog.StringValue(a.Value.Time().Format(o.layout()))
		}
	case slog.LevelKey:
		if l, ok := a.Value.Any().(slog.Level); ok {
			a.Value = slog.StringValue(strings.ToLower(l.String()))
		}
	}
	return a
}
