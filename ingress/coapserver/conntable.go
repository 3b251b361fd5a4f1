package coapserver

import "sync"

// conn is a connection as the server sees it.
type conn interface {
	interrupt() // end once nothing is in service
	close()     // end now
}

func (c *tcpConn) close() { _ = c.conn.NetConn().Close() }

// connTable holds the open connections, at most limit.
type connTable struct {
	mu    sync.Mutex
	limit int
	open  map[conn]struct{}
}

// add tells whether there was room.
func (t *connTable) add(c conn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.open) >= t.limit {
		return false
	}
	if t.open == nil {
		t.open = make(map[conn]struct{})
	}
	t.open[c] = struct{}{}
	return true
}

func (t *connTable) remove(c conn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, c)
}

func (t *connTable) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.open)
}

// each calls f for every connection that is open now, outside the lock.
func (t *connTable) each(f func(conn)) {
	t.mu.Lock()
	all := make([]conn, 0, len(t.open))
	for c := range t.open {
		all = append(all, c)
	}
	t.mu.Unlock()
	for _, c := range all {
		f(c)
	}
}
