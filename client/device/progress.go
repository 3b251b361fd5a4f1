package device

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress shows how far a fleet is. It is told of one device at a time.
type progress interface {
	step(failed bool)
	finish()
}

// newProgress makes a bar where w is a terminal, plain lines where it is not, and nothing where it is nil.
func newProgress(w io.Writer, count int) progress {
	if w == nil {
		w = io.Discard
	}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return &bar{bar: progressbar.NewOptions(count, progressbar.OptionSetWriter(w), progressbar.OptionSetDescription("devices"),
			progressbar.OptionShowCount(), progressbar.OptionShowIts(), progressbar.OptionSetItsString("devices"),
			progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())}
	}
	return &lines{w: w, count: count}
}

// bar is for a terminal. That it cannot be drawn is no reason to stop.
type bar struct {
	bar    *progressbar.ProgressBar
	failed int
}

func (b *bar) step(failed bool) {
	if failed {
		b.failed++
		b.bar.Describe(fmt.Sprintf("devices (%d failed)", b.failed))
	}
	_ = b.bar.Add(1)
}

func (b *bar) finish() { _ = b.bar.Finish() }

// lines is for a log file: one line each time another tenth is done.
type lines struct {
	w                   io.Writer
	count, done, failed int
}

func (l *lines) step(failed bool) {
	before := l.done * 10 / l.count
	l.done++
	if failed {
		l.failed++
	}
	if l.done*10/l.count > before {
		_, _ = fmt.Fprintf(l.w, "%d of %d devices done, %d failed\n", l.done, l.count, l.failed)
	}
}

func (l *lines) finish() {}
