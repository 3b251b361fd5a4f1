package tracetree

import (
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

// row is one line of the tree.
type row struct {
	label    string // branches and name
	duration string
	note     string
}

// Write prints one trace as a tree, siblings in the order in which they began; a span whose parent was never collected, as it
// is another process's, stands at the top. Errors: of w.
func (c *Collector) Write(w io.Writer, id trace.TraceID) error {
	spans := c.Spans(id)
	known := make(map[trace.SpanID]bool, len(spans))
	for _, s := range spans {
		known[s.SpanContext().SpanID()] = true
	}
	t := tree{children: map[trace.SpanID][]sdktrace.ReadOnlySpan{}}
	var roots []sdktrace.ReadOnlySpan
	for _, s := range spans {
		if parent := s.Parent().SpanID(); known[parent] && parent != s.SpanContext().SpanID() {
			t.children[parent] = append(t.children[parent], s)
		} else {
			roots = append(roots, s)
		}
	}
	for _, r := range roots {
		t.add(r, "", "")
	}
	return t.print(w)
}

// WriteAll prints every trace, a blank line between two. Errors: of w.
func (c *Collector) WriteAll(w io.Writer) error {
	for i, id := range c.Traces() {
		if i > 0 {
			if _, err := io.WriteString(w, "\n"); err != nil {
				return err
			}
		}
		if err := c.Write(w, id); err != nil {
			return err
		}
	}
	if n := c.Dropped(); n > 0 {
		_, err := fmt.Fprintf(w, "\n%d later spans were not kept\n", n)
		return err
	}
	return nil
}

type tree struct {
	children map[trace.SpanID][]sdktrace.ReadOnlySpan
	rows     []row
}

// add puts a span and what is below it into rows. branch stands before its name, below before those of its children.
func (t *tree) add(s sdktrace.ReadOnlySpan, branch, below string) {
	t.rows = append(t.rows, row{label: branch + printable(s.Name()), duration: format(s.EndTime().Sub(s.StartTime())), note: note(s)})
	children := t.children[s.SpanContext().SpanID()]
	for i, child := range children {
		if i == len(children)-1 {
			t.add(child, below+"└─ ", below+"   ")
		} else {
			t.add(child, below+"├─ ", below+"│  ")
		}
	}
}

func (t *tree) print(w io.Writer) error {
	var labels, durations int
	for _, r := range t.rows {
		labels = max(labels, utf8.RuneCountInString(r.label))
		durations = max(durations, utf8.RuneCountInString(r.duration))
	}
	for _, r := range t.rows {
		line := r.label + strings.Repeat(" ", labels-utf8.RuneCountInString(r.label)+3) +
			strings.Repeat(" ", durations-utf8.RuneCountInString(r.duration)) + r.duration
		if r.note != "" {
			line += "   " + r.note
		}
		if _, err := io.WriteString(w, line+"\n"); err != nil {
			return err
		}
	}
	return nil
}

// format gives a duration with about three digits, in units that stand below each other.
func format(d time.Duration) string {
	switch {
	case d < 10*time.Millisecond:
		return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
	case d < 10*time.Second:
		return fmt.Sprintf("%d ms", d.Round(time.Millisecond).Milliseconds())
	default:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
}
