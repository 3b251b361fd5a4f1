package local

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// Server is a device on its local network. Its sockets are open from New on; Run serves them.
type Server struct {
	cfg        Config
	tree       []*resource
	where      []endpoint
	platformID string // of the hardware: survives a reset

	clear     *net.UDPConn
	groups    []*net.UDPConn
	dtls      net.Listener
	tls       net.Listener
	sessions  sessions
	wg        sync.WaitGroup
	closeOnce sync.Once

	mu    sync.Mutex // guards what follows; held for a request at a time
	state *state
	name  string
	light light
}

// New opens the device's sockets. Errors: CodeInvalid, one for every problem of the configuration; CodeUnavailable where a
// socket cannot be opened.
func New(cfg Config) (*Server, error) {
	cfg, err := cfg.check()
	if err != nil {
		return nil, err
	}
	s := &Server{cfg: cfg, name: cfg.Name, platformID: platformID(cfg.Manufacturer.Certificate[0])}
	s.sessions.limit = cfg.MaxSessions
	id, _ := dps.ParseUUID(cfg.DeviceID)
	s.state = fresh(id)
	if cfg.Provisioned != nil {
		if s.state, err = provisioned(cfg.Provisioned); err != nil {
			return nil, err
		}
	}
	s.tree = s.resources()
	if err := s.listen(); err != nil {
		s.closeSockets()
		return nil, dps.Wrap(dps.CodeUnavailable, err, "device cannot listen on its network")
	}
	return s, nil
}

// platformID names the hardware by its manufacturer certificate.
func platformID(certificate []byte) string {
	sum := sha256.Sum256(certificate)
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-5" + h[13:16] + "-8" + h[17:20] + "-" + h[20:32]
}

// Run serves until ctx ends or Close is called; then every session is closed and every goroutine gone. It can run once.
func (s *Server) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, s.Close)
	defer stop()
	for _, g := range s.groups {
		s.wg.Go(func() { s.serveClear(g, true) })
	}
	if s.dtls != nil {
		s.wg.Go(func() { s.serveDTLS(ctx) })
	}
	if s.tls != nil {
		s.wg.Go(func() { s.serveTLS(ctx) })
	}
	s.serveClear(s.clear, false) // returns once the sockets are closed
	cancel()
	s.sessions.closeAll()
	s.wg.Wait()
	return nil
}

// Close ends Run, and gives the sockets back where Run was never called.
func (s *Server) Close() { s.closeOnce.Do(s.closeSockets) }

func (s *Server) closeSockets() {
	for _, g := range s.groups {
		_ = g.Close()
	}
	if s.dtls != nil {
		_ = s.dtls.Close()
	}
	if s.tls != nil {
		_ = s.tls.Close()
	}
	if s.clear != nil {
		_ = s.clear.Close()
	}
	s.sessions.closeAll()
}

// Endpoints gives where the device listens, as URIs: coap://, coaps://, coaps+tcp://.
func (s *Server) Endpoints() []string {
	out := make([]string, 0, len(s.where))
	for _, e := range s.where {
		out = append(out, e.scheme+"://"+e.address)
	}
	return out
}

// Status is what a device is to its network.
type Status struct {
	DeviceID string
	Owner    string // "": nobody's
	State    ocf.OnboardingState
	Sessions int // secure ones, their handshakes included
}

// Status gives the device's state now.
func (s *Server) Status() Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	return Status{DeviceID: s.state.deviceID, Owner: s.state.owner, State: s.state.dos, Sessions: s.sessions.len()}
}

// current gives the state now.
func (s *Server) current() *state {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// answer serves one request of a peer: one at a time, whichever way they come.
func (s *Server) answer(p *peer, req request) response {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.state.stillAdmits(p, s.cfg.Clock()) {
		return response{code: codes.Unauthorized, end: true}
	}
	if req.fault != 0 {
		return response{code: req.fault}
	}
	r := s.find(req.path)
	if r == nil {
		return response{code: s.withheld(p, codes.NotFound)}
	}
	a := access{state: s.state, peer: p, method: req.method, target: r, transferring: s.sessions.transferring()}
	if !a.granted() {
		s.cfg.Log.Debug("access refused", "device", s.state.deviceID, "client", p.id, "method", req.method.String(), "href", r.href)
		return response{code: s.withheld(p, codes.Forbidden)}
	}
	h := r.handler(req.method)
	if h == nil {
		return response{code: codes.MethodNotAllowed}
	}
	out, next := h(call{state: s.state, peer: p, req: req})
	if next != nil && !out.isError() {
		s.state = next
	}
	return out
}

// withheld tells a peer without credentials that they are what is missing, and nothing else.
func (s *Server) withheld(p *peer, code codes.Code) codes.Code {
	if !p.secure {
		return codes.Unauthorized
	}
	return code
}

func (s *Server) find(href string) *resource {
	for _, r := range s.tree {
		if r.href == href {
			return r
		}
	}
	return nil
}

// reset forgets everything that an owner gave the device. Its counter goes on: an id of the old state must mean nothing in the
// new one.
func (s *Server) reset(old *state, deviceID string) *state {
	st := fresh(deviceID)
	st.lastID = old.lastID + 1
	s.light, s.name = light{}, s.cfg.Name
	return st
}

// left deals with the end of a session: a device whose transfer of ownership broke off is nobody's (OCF Security 2.2.5
// §7.3.1).
func (s *Server) left(p *peer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.transfers && s.state.unowned() {
		id := s.state.deviceID
		if s.state.owner != "" {
			id = dps.NewUUID() // somebody has begun to name it
		}
		s.state = s.reset(s.state, id)
	}
}

// accepted logs who came in; refused, who did not, and why.
func (s *Server) accepted(p *peer, remote net.Addr) {
	s.cfg.Log.Debug("session", "client", p.id, "transfer", p.transfers, "remote", remote.String())
}

func (s *Server) refused(remote net.Addr, err error) {
	if !errors.Is(err, net.ErrClosed) {
		s.cfg.Log.Info("client is refused", "remote", remote.String(), "error", err)
	}
}

// linger is how long a session stays after its last answer over UDP, which may have to be sent again.
const linger = 200 * time.Millisecond
