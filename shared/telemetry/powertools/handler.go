// Package powertools writes the log of a function with the key names of Powertools for AWS Lambda, so that the queries, the
// dashboards and the habits that go with those work here:
//
//	{"level":"INFO","message":"…","timestamp":"2026-03-04T05:06:07.089Z","service":"enroll","cold_start":true,
//	 "function_name":"…","function_memory_size":256,"function_arn":"…","function_request_id":"…","xray_trace_id":"…"}
package powertools

import (
	"context"
	"io"
	"log/slog"

	"dps/shared/telemetry"
)

// timeFormat is Powertools': ISO 8601 in UTC with milliseconds.
const timeFormat = "2006-01-02T15:04:05.000Z"

// Keys of a line, as Powertools names them.
const (
	KeyLevel     = "level"
	KeyMessage   = "message"
	KeyTimestamp = "timestamp"
	KeyService   = "service"
	KeyColdStart = "cold_start"
	KeyName      = "function_name"
	KeyMemory    = "function_memory_size"
	KeyARN       = "function_arn"
	KeyRequestID = "function_request_id"
	KeyXRayTrace = "xray_trace_id"
)

// handler adds the invocation's facts at the top of each line, whatever group is open.
type handler struct {
	base  slog.Handler // takes the facts, at the top
	steps []step       // what WithAttrs and WithGroup have asked for since
}

// step is one call of WithAttrs or WithGroup.
type step struct {
	attrs []slog.Attr
	group string
}

var _ slog.Handler = (*handler)(nil)

// NewLogger makes the function's logger: one JSON object a line to w, from the level on; lines carry the invocation that With
// has put into their context, trace ids, and no secrets.
func NewLogger(w io.Writer, level slog.Level, f Function) *slog.Logger {
	json := slog.NewJSONHandler(w, &slog.HandlerOptions{Level: level, ReplaceAttr: rename})
	base := telemetry.WithTraceIDs(telemetry.WithRedaction(&handler{base: json.WithAttrs(f.attrs())}))
	return slog.New(base)
}

func (f Function) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.String(KeyService, f.Service)}
	if f.Name != "" {
		attrs = append(attrs, slog.String(KeyName, f.Name))
	}
	if f.Memory > 0 {
		attrs = append(attrs, slog.Int(KeyMemory, f.Memory))
	}
	if f.Version != "" {
		attrs = append(attrs, slog.String("function_version", f.Version))
	}
	return attrs
}

// Enabled asks the handler behind.
func (h *handler) Enabled(ctx context.Context, l slog.Level) bool { return h.base.Enabled(ctx, l) }

// Handle writes the line.
func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	next := h.base
	if i, ok := From(ctx); ok {
		next = next.WithAttrs(i.attrs())
	}
	for _, s := range h.steps {
		if s.group != "" {
			next = next.WithGroup(s.group)
		} else {
			next = next.WithAttrs(s.attrs)
		}
	}
	return next.Handle(ctx, r)
}

// WithAttrs keeps the attributes for each line.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return h.with(step{attrs: attrs})
}

// WithGroup opens a group for what comes; the facts of the invocation stay outside.
func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.with(step{group: name})
}

func (h *handler) with(s step) slog.Handler {
	steps := make([]step, 0, len(h.steps)+1)
	return &handler{h.base, append(append(steps, h.steps...), s)}
}

func (i Invocation) attrs() []slog.Attr {
	attrs := []slog.Attr{slog.Bool(KeyColdStart, i.ColdStart)}
	for _, a := range []slog.Attr{slog.String(KeyARN, i.ARN), slog.String(KeyRequestID, i.RequestID), slog.String(KeyXRayTrace, i.TraceID)} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	return attrs
}

// rename gives slog's own attributes Powertools' names and forms. Attributes inside groups are the caller's own.
func rename(groups []string, a slog.Attr) slog.Attr {
	if len(groups) > 0 {
		return a
	}
	switch {
	case a.Key == slog.TimeKey && a.Value.Kind() == slog.KindTime:
		return slog.String(KeyTimestamp, a.Value.Time().UTC().Format(timeFormat))
	case a.Key == slog.MessageKey:
		a.Key = KeyMessage
	case a.Key == slog.LevelKey:
		if l, ok := a.Value.Any().(slog.Level); ok {
			return slog.String(KeyLevel, levelName(l))
		}
	}
	return a
}

// levelName is Powertools' name of the level: WARN, never WARNING, as its TypeScript and Java versions write it.
func levelName(l slog.Level) string {
	switch {
	case l < slog.LevelInfo:
		return "DEBUG"
	case l < slog.LevelWarn:
		return "INFO"
	case l < slog.LevelError:
		return "WARN"
	default:
		return "ERROR"
	}
}
