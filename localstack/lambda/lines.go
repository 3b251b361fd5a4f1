package lambda

import (
	"bytes"
	"io"
	"sync"
)

// maxLine bounds a line that is held back until it is whole, in bytes.
const maxLine = 64 << 10

// lines brings the output of many processes to one writer, line by line.
type lines struct {
	mu sync.Mutex
	w  io.Writer
}

func newLines(w io.Writer) *lines { return &lines{w: w} }

// writer is one process's end.
func (l *lines) writer() *lineWriter { return &lineWriter{to: l} }

func (l *lines) write(p []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, _ = l.w.Write(p) // a log that cannot be written must not end a function
}

// lineWriter holds back what is not yet a line.
type lineWriter struct {
	to   *lines
	mu   sync.Mutex
	rest []byte
}

// Write implements io.Writer.
func (w *lineWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rest = append(w.rest, p...)
	end := bytes.LastIndexByte(w.rest, '\n') + 1
	if end == 0 && len(w.rest) > maxLine {
		end = len(w.rest)
	}
	if end > 0 {
		w.to.write(w.rest[:end])
		w.rest = append(w.rest[:0], w.rest[end:]...)
	}
	return len(p), nil
}

// flush writes what is left when the process has ended, as a line.
func (w *lineWriter) flush() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.rest) > 0 {
		w.to.write(append(w.rest, '\n'))
		w.rest = nil
	}
}
