package main

import (
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"golang.org/x/term"
)

// console tells a person how far the run is: a line for each phase, and on a terminal a counter while it lasts.
type console struct {
	mu    sync.Mutex
	w     io.Writer
	live  bool
	phase string
	last  time.Time
}

// redrawInterval bounds how often the counter moves.
const redrawInterval = 100 * time.Millisecond

func newConsole(w io.Writer) *console {
	f, ok := w.(*os.File)
	return &console{w: w, live: ok && term.IsTerminal(int(f.Fd()))}
}

// begin names the phase; the function it gives takes the count of what is done out of total.
func (c *console) begin(total int, format string, args ...any) func(done int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.phase, c.last = fmt.Sprintf(format, args...), time.Time{}
	if c.live {
		c.print("\r\033[K%s", c.phase)
	}
	return func(done int) {
		if !c.live {
			return
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if now := time.Now(); now.Sub(c.last) >= redrawInterval {
			c.last = now
			c.print("\r\033[K%s: %d of %d", c.phase, done, total)
		}
	}
}

// end tells what the phase came to.
func (c *console) end(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.live {
		c.print("\r\033[K")
	}
	c.print("%s: %s\n", c.phase, fmt.Sprintf(format, args...))
}

// print writes what nobody can be told has failed.
func (c *console) print(format string, args ...any) { _, _ = fmt.Fprintf(c.w, format, args...) }
