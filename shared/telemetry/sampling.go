package telemetry

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Bounds of sampling.
const (
	DefaultSampleFirst = 10  // lines of a kind that pass each minute
	maxSampleValue     = 128 // bytes of an attribute's value that tell kinds apart
)

// SuppressedKey is the attribute that tells how many lines of the same kind were held back before this one.
const SuppressedKey = "suppressed"

// SamplingOptions say which lines repeat each other, and what becomes of them.
type SamplingOptions struct {
	Now   func() time.Time // nil: time.Now
	First int              // lines of a kind that pass in each LimiterInterval; 0: DefaultSampleFirst
	// Keys are the attributes whose values, beside level and message, make a kind: "group", "rule". Those inside groups do not.
	Keys []string
	// Always are the messages that are never held back, such as the line of each request.
	Always []string
	// Count is told of each line held back: EventSuppressed, with its level. nil: nobody.
	Count func(name, reason string)
}

// sampleHandler holds back lines that repeat others.
type sampleHandler struct {
	next    slog.Handler
	o       *SamplingOptions
	limiter *Limiter // shared with derived handlers
	bound   string   // values of Keys that WithAttrs has brought, as part of the key
	grouped bool     // what comes now is in a group
}

var _ slog.Handler = (*sampleHandler)(nil)

// WithSampling wraps a handler: of lines with the same level, message and chosen attributes, the first few of each minute
// pass; the next that does tells how many did not ("suppressed"). Kinds are bounded as a Limiter's keys are. flush, to be
// called at the end, logs how many were held back and never told of.
func WithSampling(next slog.Handler, o SamplingOptions) (h slog.Handler, flush func(context.Context)) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.First <= 0 {
		o.First = DefaultSampleFirst
	}
	s := &sampleHandler{next: next, o: &o, limiter: newLimiter(o.Now, o.First)}
	return s, s.flush
}

// Enabled asks the handler behind.
func (h *sampleHandler) Enabled(ctx context.Context, l slog.Level) bool {
	return h.next.Enabled(ctx, l)
}

// Handle passes the record on, or counts it.
func (h *sampleHandler) Handle(ctx context.Context, r slog.Record) error {
	if slices.Contains(h.o.Always, r.Message) {
		return h.next.Handle(ctx, r)
	}
	ok, suppressed := h.limiter.Allow(h.kind(r))
	if !ok {
		if h.o.Count != nil {
			h.o.Count(EventSuppressed, strings.ToLower(r.Level.String()))
		}
		return nil
	}
	if suppressed > 0 {
		r = r.Clone()
		r.AddAttrs(slog.Int(SuppressedKey, suppressed))
	}
	return h.next.Handle(ctx, r)
}

// WithAttrs remembers the chosen ones.
func (h *sampleHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	derived := *h
	derived.next = h.next.WithAttrs(attrs)
	if !h.grouped {
		var b strings.Builder
		for _, a := range attrs {
			h.append(&b, a)
		}
		derived.bound += b.String()
	}
	return &derived
}

// WithGroup ends the choosing: what comes is the group's.
func (h *sampleHandler) WithGroup(name string) slog.Handler {
	derived := *h
	derived.next, derived.grouped = h.next.WithGroup(name), h.grouped || name != ""
	return &derived
}

// kind is what the record shares with those it repeats.
func (h *sampleHandler) kind(r slog.Record) string {
	var b strings.Builder
	b.WriteString(r.Level.String() + "\x00" + r.Message + h.bound)
	if !h.grouped {
		r.Attrs(func(a slog.Attr) bool {
			h.append(&b, a)
			return true
		})
	}
	return b.String()
}

func (h *sampleHandler) append(b *strings.Builder, a slog.Attr) {
	if slices.Contains(h.o.Keys, a.Key) {
		b.WriteString("\x00" + a.Key + "=" + bounded(a.Value.Resolve().String(), maxSampleValue))
	}
}

func (h *sampleHandler) flush(ctx context.Context) {
	n := h.limiter.Suppressed()
	if n == 0 || !h.next.Enabled(ctx, slog.LevelInfo) {
		return
	}
	r := slog.NewRecord(h.o.Now(), slog.LevelInfo, "lines that repeated others were held back", 0)
	r.AddAttrs(slog.Int(SuppressedKey, n))
	_ = h.next.Handle(ctx, r) // nobody is left to tell
}
