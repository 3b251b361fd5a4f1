package dpsctl

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// Console is what the tool speaks through.
type Console struct {
	In       io.Reader
	Out, Err io.Writer
	Getenv   func(string) string // nil: nothing is set
	// Interruptible makes a context that ends when the operator interrupts. It is asked for only where ending in order
	// matters; elsewhere, as while waiting for an answer, an interrupt may end the process as ever. nil: nobody interrupts.
	Interruptible func(context.Context) (context.Context, context.CancelFunc)
}

func (c Console) getenv(name string) string {
	if c.Getenv == nil {
		return ""
	}
	return c.Getenv(name)
}

func (c Console) interruptible(ctx context.Context) (context.Context, context.CancelFunc) {
	if c.Interruptible == nil {
		return ctx, func() {}
	}
	return c.Interruptible(ctx)
}

// colors tells whether Out takes colours: a terminal that is not told otherwise (no-color.org).
func (c Console) colors() bool {
	f, ok := c.Out.(interface{ Fd() uintptr })
	return ok && term.IsTerminal(int(f.Fd())) && c.wantsColors()
}

func (c Console) wantsColors() bool { return c.getenv("NO_COLOR") == "" && c.getenv("TERM") != "dumb" }

// clean makes text safe to print: devices choose names and errors, and a terminal obeys control characters.
func clean(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '\uFFFD' || !strconv.IsPrint(r) {
			return '?'
		}
		return r
	}, s)
}

// cleanLines is clean for text of several lines, such as errors, which may repeat what a server says.
func cleanLines(s string) string {
	lines := strings.Split(s, "\n")
	for i, l := range lines {
		lines[i] = clean(l)
	}
	return strings.Join(lines, "\n")
}

// warn tells of an error that work goes on after.
func (c Console) warn(err error) {
	_, _ = fmt.Fprintln(c.Err, "dpsctl:", clean(err.Error())+"; trying again")
}
