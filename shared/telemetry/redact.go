package telemetry

import (
	"context"
	"log/slog"
)

// Redacted stands in a line where a secret was.
const Redacted = "REDACTED"

// redactHandler keeps secrets out of lines, where all care before has failed: the last resort, never the first.
type redactHandler struct{ next slog.Handler }

var _ slog.Handler = redactHandler{}

// WithRedaction wraps a handler: attributes whose key names a secret, values of a type that is or holds one, and what looks
// like one in any text (a private key in PEM format, a JWT, an Authorization header, an inline value) are written REDACTED.
func WithRedaction(next slog.Handler) slog.Handler { return redactHandler{next} }

// Enabled asks the handler behind.
func (h redactHandler) Enabled(ctx context.Context, l slog.Level) bool { return h.next.Enabled(ctx, l) }

// Handle redacts and passes the record on.
func (h redactHandler) Handle(ctx context.Context, r slog.Record) error {
	clean := slog.NewRecord(r.Time, r.Level, redactText(r.Message), r.PC)
	r.Attrs(func(a slog.Attr) bool {
		clean.AddAttrs(redactAttr(a))
		return true
	})
	return h.next.Handle(ctx, clean)
}

// WithAttrs redacts what is bound to the derived logger.
func (h redactHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clean := make([]slog.Attr, len(attrs))
	for i, a := range attrs {
		clean[i] = redactAttr(a)
	}
	return redactHandler{h.next.WithAttrs(clean)}
}

// WithGroup keeps redacting in the derived logger.
func (h redactHandler) WithGroup(name string) slog.Handler {
	return redactHandler{h.next.WithGroup(name)}
}

func redactAttr(a slog.Attr) slog.Attr {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindGroup:
		if namesSecret(a.Key) {
			return slog.String(a.Key, Redacted)
		}
		inner := make([]slog.Attr, len(v.Group()))
		for i, member := range v.Group() {
			inner[i] = redactAttr(member)
		}
		return slog.Attr{Key: a.Key, Value: slog.GroupValue(inner...)}
	case slog.KindString, slog.KindAny:
		return slog.Attr{Key: a.Key, Value: redactValue(a.Key, v)}
	default: // numbers, times, truth values: how many tokens, when one expires
		return slog.Attr{Key: a.Key, Value: v}
	}
}

func redactValue(key string, v slog.Value) slog.Value {
	if v.Kind() == slog.KindString {
		switch s := v.String(); {
		case s == "" || s == Redacted:
			return v
		case namesSecret(key):
			return slog.StringValue(Redacted)
		default:
			return slog.StringValue(redactText(s))
		}
	}
	if v.Any() == nil {
		return v
	}
	if namesSecret(key) {
		return slog.StringValue(Redacted)
	}
	return redactAny(v.Any())
}
