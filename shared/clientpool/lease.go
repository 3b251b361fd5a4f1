package clientpool

import (
	"io"
	"sync"
)

// entry is one client and how many use it; the pool itself counts as one.
type entry[C io.Closer] struct {
	key      string
	settings Print
	client   C

	mu       sync.Mutex
	refs     int
	outdated bool
}

// Lease is the right to use a client until Release.
type Lease[C io.Closer] struct {
	entry *entry[C]
	once  sync.Once
}

// Client is the leased client.
func (l *Lease[C]) Client() C { return l.entry.client }

// Release gives the client back; the second call does nothing.
func (l *Lease[C]) Release() {
	l.once.Do(func() { _ = l.entry.release() })
}

// Outdate has the client opened anew when it is next asked for: what its settings refer to, such as a secret in a file, seems
// to have changed.
func (l *Lease[C]) Outdate() {
	l.entry.mu.Lock()
	defer l.entry.mu.Unlock()
	l.entry.outdated = true
}

func (e *entry[C]) isOutdated() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.outdated
}

// lease gives nil where the client is closed.
func (e *entry[C]) lease() *Lease[C] {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.refs == 0 {
		return nil
	}
	e.refs++
	return &Lease[C]{entry: e}
}

// release closes the client with its last user.
func (e *entry[C]) release() error {
	e.mu.Lock()
	e.refs--
	last := e.refs == 0
	e.mu.Unlock()
	if !last {
		return nil
	}
	return e.client.Close()
}
