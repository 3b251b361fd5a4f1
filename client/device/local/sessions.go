package local

import (
	"io"
	"sync"
)

// sessions are the secure connections, from their first byte on, at most limit of them.
type sessions struct {
	mu     sync.Mutex
	limit  int
	closed bool
	open   map[*session]struct{}
}

// session is one of them.
type session struct {
	io.Closer
	peer *peer // nil: in its handshake
}

// enter makes room for a connection; false: there is none.
func (t *sessions) enter(c io.Closer) (*session, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed || len(t.open) >= t.limit {
		return nil, false
	}
	if t.open == nil {
		t.open = make(map[*session]struct{})
	}
	s := &session{Closer: c}
	t.open[s] = struct{}{}
	return s, true
}

// admit says who the connection is with. False: it takes the device over, and somebody else is at that already.
func (t *sessions) admit(s *session, p *peer) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if p.transfers && t.transfer() != nil {
		return false
	}
	s.peer = p
	return true
}

func (t *sessions) leave(s *session) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.open, s)
}

// transferring tells whether somebody is taking the device over.
func (t *sessions) transferring() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.transfer() != nil
}

func (t *sessions) transfer() *session {
	for s := range t.open {
		if s.peer != nil && s.peer.transfers {
			return s
		}
	}
	return nil
}

func (t *sessions) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.open)
}

// closeAll ends every connection and lets no other in.
func (t *sessions) closeAll() {
	t.mu.Lock()
	t.closed = true
	all := make([]*session, 0, len(t.open))
	for s := range t.open {
		all = append(all, s)
	}
	t.mu.Unlock()
	for _, s := range all {
		_ = s.Close()
	}
}
