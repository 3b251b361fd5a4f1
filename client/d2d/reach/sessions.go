package reach

import (
	"context"
	"sync"
	"time"
)

// slot is the place of one device's session. Whoever holds it uses the session alone: one request at a time.
type slot struct {
	held        chan struct{} // full while somebody holds it
	link        link          // nil: none
	fingerprint [32]byte      // of the credentials it was made with
	used        time.Time
	users       int // that hold it or wait for it; guarded by sessions.mu
}

// drop ends the session.
func (s *slot) drop() {
	if s.link != nil {
		s.link.close()
		s.link = nil
	}
}

// sessions keeps sessions for reuse, at most limit that nobody uses, each at most idle long.
type sessions struct {
	mu     sync.Mutex
	limit  int
	idle   time.Duration
	closed bool
	byID   map[string]*slot
}

// hold gives the slot of a device once nobody else holds it. Errors: ReasonClosed, ReasonNoAnswer where ctx ends first.
func (t *sessions) hold(ctx context.Context, id string) (*slot, error) {
	t.mu.Lock()
	if t.closed {
		t.mu.Unlock()
		return nil, fail(ReasonClosed, nil, "this client is closed")
	}
	if t.byID == nil {
		t.byID = make(map[string]*slot)
	}
	s, ok := t.byID[id]
	if !ok {
		s = &slot{held: make(chan struct{}, 1)}
		t.byID[id] = s
	}
	s.users++
	t.mu.Unlock()
	select {
	case s.held <- struct{}{}:
		return s, nil
	case <-ctx.Done():
		t.mu.Lock()
		s.users--
		t.mu.Unlock()
		return nil, fail(ReasonNoAnswer, ctx.Err(), "device %s did not answer in time: other requests to it are still waiting", id)
	}
}

// release gives the slot back.
func (t *sessions) release(id string, s *slot) {
	s.used = time.Now()
	if s.link != nil && !s.link.open() {
		s.drop()
	}
	t.mu.Lock()
	if t.closed {
		s.drop()
	}
	<-s.held
	s.users--
	if s.link == nil && s.users == 0 && t.byID[id] == s {
		delete(t.byID, id)
	}
	gone := t.surplus()
	t.mu.Unlock()
	for _, g := range gone {
		g.drop()
	}
}

// surplus takes out what is over the bound, the longest unused first. mu is held.
func (t *sessions) surplus() []*slot {
	var gone []*slot
	for len(t.byID) > t.limit {
		oldest := ""
		for id, s := range t.byID {
			if s.users == 0 && (oldest == "" || s.used.Before(t.byID[oldest].used)) {
				oldest = id
			}
		}
		if oldest == "" {
			break
		}
		gone = append(gone, t.byID[oldest])
		delete(t.byID, oldest)
	}
	return gone
}

// sweep ends what has been idle for too long.
func (t *sessions) sweep(now time.Time) {
	var gone []*slot
	t.mu.Lock()
	for id, s := range t.byID {
		if s.users == 0 && now.Sub(s.used) >= t.idle {
			gone = append(gone, s)
			delete(t.byID, id)
		}
	}
	t.mu.Unlock()
	for _, g := range gone {
		g.drop()
	}
}

// close ends every session that nobody uses, and the others as they are released.
func (t *sessions) close() {
	t.mu.Lock()
	t.closed = true
	t.mu.Unlock()
	t.sweep(time.Now().Add(t.idle))
}

// end ends the session of a device, once nobody uses it.
func (t *sessions) end(ctx context.Context, id string) {
	s, err := t.hold(ctx, id)
	if err != nil {
		return
	}
	s.drop()
	t.release(id, s)
}
