package coapserver

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Server listens and serves until it is drained.
type Server struct {
	cfg      Config
	tls      *tls.Config
	tcp      net.Listener
	udp      *udpListener
	halfOpen halfOpen
	conns    connTable
	draining atomic.Bool
	wg       sync.WaitGroup // every goroutine of every connection
}

// Listen opens the sockets; nothing is accepted before Serve. Errors: of the sockets, naming protocol and address.
func Listen(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	s := &Server{cfg: cfg, halfOpen: halfOpen{limit: cfg.MaxHalfOpen}, conns: connTable{limit: cfg.MaxConnections}}
	s.tls = s.baseTLS()
	if slices.Contains(cfg.Protocols, "tcp") {
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Address)
		if err != nil {
			return nil, fmt.Errorf("apis.coap.address %q over tcp: %w", cfg.Address, err)
		}
		s.tcp = l
	}
	if slices.Contains(cfg.Protocols, "udp") {
		l, err := listenUDP(s.udpAddress())
		if err != nil {
			s.closeListeners()
			return nil, fmt.Errorf("apis.coap.address %q over udp: %w", cfg.Address, err)
		}
		s.udp = l
	}
	return s, nil
}

// udpAddress is the configured address; where that leaves the port to the system, the port that TCP got is tried, so that
// one endpoint serves both protocols.
func (s *Server) udpAddress() string {
	host, port, err := net.SplitHostPort(s.cfg.Address)
	if err == nil && port == "0" && s.tcp != nil {
		if _, port, err = net.SplitHostPort(s.tcp.Addr().String()); err == nil {
			return net.JoinHostPort(host, port)
		}
	}
	return s.cfg.Address
}

// Addr is the address that is listened on for the protocol; nil where it is not served.
func (s *Server) Addr(protocol string) net.Addr {
	switch {
	case protocol == "tcp" && s.tcp != nil:
		return s.tcp.Addr()
	case protocol == "udp" && s.udp != nil:
		return s.udp.addr()
	default:
		return nil
	}
}

// Serve accepts connections until ctx is done, then drains: no new connection, no handshake finished, every request in
// service answered, every connection closed. drain bounds the wait; what is not done by then is cut off.
func (s *Server) Serve(ctx context.Context, drain time.Duration) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx)) // requests outlive ctx while they drain
	defer cancel()
	var accepting sync.WaitGroup
	if s.tcp != nil {
		accepting.Go(func() { s.accept(work) })
	}
	if s.udp != nil {
		accepting.Go(func() { s.udp.serve(work, s) })
	}
	<-ctx.Done()
	s.draining.Store(true)
	s.closeListeners()
	s.halfOpen.abortAll()
	s.conns.each(conn.interrupt)
	accepting.Wait()
	return s.wait(drain, cancel)
}

func (s *Server) wait(drain time.Duration, cut context.CancelFunc) error {
	done := make(chan struct{})
	go func() { s.wg.Wait(); close(done) }()
	timer := time.NewTimer(drain)
	defer timer.Stop()
	select {
	case <-done:
		return nil
	case <-timer.C:
	}
	cut()
	s.conns.each(func(c conn) { c.close() })
	<-done
	return fmt.Errorf("connections were cut off after %s of draining", drain)
}

// Connections is how many are open and how many are in their handshake; evicted counts handshakes ended to make room.
func (s *Server) Connections() (open, handshaking int, evicted uint64) {
	handshaking, evicted = s.halfOpen.stats()
	return s.conns.len(), handshaking, evicted
}

// Close gives the sockets back where Serve was never called.
func (s *Server) Close() { s.closeListeners() }

func (s *Server) closeListeners() {
	if s.tcp != nil {
		_ = s.tcp.Close()
	}
	if s.udp != nil {
		s.udp.close()
	}
}

// accept takes TCP connections. Out of descriptors is no reason to stop: it waits and goes on.
func (s *Server) accept(ctx context.Context) {
	for {
		raw, err := s.tcp.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			s.cfg.Log.Error("connection cannot be accepted", "error", err)
			time.Sleep(acceptRetryDelay)
		case s.conns.len() >= s.cfg.MaxConnections:
			s.cfg.Count("connection_refused", "max_connections")
			_ = raw.Close()
		default:
			// Here, where connections come in their order: the oldest to go must be the oldest, not the last to be scheduled.
			leave := s.halfOpen.enter(func() { _ = raw.Close() })
			s.wg.Go(func() { s.serveTCP(ctx, raw, leave) })
		}
	}
}

// admit asks the admitter; its refusals are marked.
func (s *Server) admit(ctx context.Context, peer Peer) (Session, error) {
	session, err := s.cfg.Admitter.Admit(ctx, peer)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNotAdmitted, err)
	}
	return session, nil
}

// refused counts a handshake that failed. What the admitter refused, it has logged itself.
func (s *Server) refused(remote net.Addr, err error) {
	reason := refusalReason(err)
	s.cfg.Count("handshake_failed", reason)
	s.cfg.Log.Debug("handshake failed", "remote", remote.String(), "reason", reason, "error", err)
}

func messageFault(err error) string {
	switch {
	case errors.Is(err, errTooLarge):
		return "too_large"
	case errors.Is(err, errMalformed):
		return "malformed"
	default:
		return "incomplete"
	}
}
