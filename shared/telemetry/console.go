package telemetry

import (
	"context"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// consoleMessageWidth is where the attributes of a console line begin, so that those of neighbouring lines stand in a column.
const consoleMessageWidth = 36

// consoleHandler writes lines for people: time, level, message, then key=value pairs.
type consoleHandler struct {
	mu     *sync.Mutex // shared with every derived handler: one line at a time
	w      io.Writer
	o      LogOptions
	prefix string // open groups, each followed by a dot
	attrs  string // attributes bound by WithAttrs, formatted once
}

var _ slog.Handler = (*consoleHandler)(nil)

func newConsoleHandler(w io.Writer, o LogOptions) *consoleHandler {
	return &consoleHandler{mu: new(sync.Mutex), w: w, o: o}
}

// Enabled tells whether the level is logged.
func (h *consoleHandler) Enabled(_ context.Context, l slog.Level) bool { return l >= h.o.Level }

// Handle writes the line.
func (h *consoleHandler) Handle(_ context.Context, r slog.Record) error {
	var b strings.Builder
	if !r.Time.IsZero() {
		b.WriteString(r.Time.Format(h.o.layout()) + "  ")
	}
	pad(&b, strings.ToLower(r.Level.String()), 5)
	b.WriteString("  ")
	var attrs strings.Builder
	attrs.WriteString(h.attrs)
	var trace string
	r.Attrs(func(a slog.Attr) bool {
		if a.Key == "stacktrace" {
			trace = a.Value.String()
			return true
		}
		appendAttr(&attrs, h.prefix, a)
		return true
	})
	if attrs.Len() > 0 {
		pad(&b, printable(r.Message), consoleMessageWidth)
	} else {
		b.WriteString(printable(r.Message))
	}
	b.WriteString(attrs.String() + "\n")
	if trace != "" {
		b.WriteString("        " + strings.ReplaceAll(trace, "\n", "\n        ") + "\n")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	_, err := io.WriteString(h.w, b.String())
	return err
}

// WithAttrs binds attributes to every line of the derived handler.
func (h *consoleHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	var b strings.Builder
	b.WriteString(h.attrs)
	for _, a := range attrs {
		appendAttr(&b, h.prefix, a)
	}
	derived := *h
	derived.attrs = b.String()
	return &derived
}

// WithGroup puts the name before the keys of what follows.
func (h *consoleHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	derived := *h
	derived.prefix += name + "."
	return &derived
}

func appendAttr(b *strings.Builder, prefix string, a slog.Attr) {
	v := a.Value.Resolve()
	if v.Kind() == slog.KindGroup {
		if a.Key != "" {
			prefix += a.Key + "."
		}
		for _, inner := range v.Group() {
			appendAttr(b, prefix, inner)
		}
		return
	}
	if a.Equal(slog.Attr{}) {
		return
	}
	b.WriteString(" " + printable(prefix+a.Key) + "=" + quoted(v.String()))
}

// quoted puts quotes around a value that would not read as one word. It also keeps what a device sent from forging lines.
func quoted(s string) string {
	if s == "" || strings.ContainsAny(s, " =\"") || printable(s) != s {
		return strconv.Quote(s)
	}
	return s
}

// printable gives s with everything that could move the cursor or end the line escaped.
func printable(s string) string {
	for _, r := range s {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			q := strconv.Quote(s)
			return q[1 : len(q)-1]
		}
	}
	return s
}

func pad(b *strings.Builder, s string, width int) {
	b.WriteString(s)
	if n := width - utf8.RuneCountInString(s); n > 0 {
		b.WriteString(strings.Repeat(" ", n))
	}
}
