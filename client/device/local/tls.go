package local

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/coapstream"
	"dps/shared/dps"
	"dps/shared/ocf"
)

// acceptRetry is how long accepting pauses where the system is out of descriptors.
const acceptRetry = 50 * time.Millisecond

// serveTLS accepts CoAP over TLS until the listener is closed.
func (s *Server) serveTLS(ctx context.Context) {
	for {
		raw, err := s.tls.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			s.cfg.Log.Error("connection cannot be accepted", "error", err)
			time.Sleep(acceptRetry)
		default:
			s.enter(raw, func(ses *session) { s.serveStream(ctx, ses, raw) })
		}
	}
}

// enter serves a connection on a goroutine of its own, if there is room for it.
func (s *Server) enter(raw net.Conn, serve func(*session)) {
	ses, ok := s.sessions.enter(raw)
	if !ok {
		s.cfg.Log.Warn("too many sessions", "limit", s.cfg.MaxSessions, "remote", raw.RemoteAddr().String())
		_ = raw.Close()
		return
	}
	s.wg.Go(func() {
		serve(ses)
		_ = raw.Close()
		if ses.peer != nil {
			s.left(ses.peer) // before another can take the device over
		}
		s.sessions.leave(ses)
		s.cfg.Log.Debug("session ended", "remote", raw.RemoteAddr().String())
	})
}

// serveStream takes one connection through its handshake and its requests.
func (s *Server) serveStream(ctx context.Context, ses *session, raw net.Conn) {
	conn, err := s.handshakeTLS(ctx, ses, raw)
	if err != nil {
		s.refused(raw.RemoteAddr(), err)
		return
	}
	defer func() { _ = conn.Close() }()
	s.accepted(ses.peer, raw.RemoteAddr())
	if s.send(conn, message.Message{Code: codes.CSM, Options: message.Options{
		{ID: message.TCPMaxMessageSize, Value: uintBytes(uint32(s.cfg.MaxMessage))}, //nolint:gosec // check bounds it
	}}) != nil {
		return
	}
	for {
		m, err := s.receive(conn)
		if err != nil || !s.serveMessage(conn, ses.peer, m) {
			return
		}
	}
}

func (s *Server) handshakeTLS(ctx context.Context, ses *session, raw net.Conn) (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.HandshakeTimeout)
	defer cancel()
	var admitted *peer
	conn := tls.Server(raw, s.tlsConfig(&admitted))
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	if !s.sessions.admit(ses, admitted) {
		return nil, errTransfer()
	}
	return conn, nil
}

// tlsConfig is for one handshake: what the device shows, and whom it lets in, depend on its state then.
func (s *Server) tlsConfig(admitted **peer) *tls.Config {
	st := s.current()
	cfg := &tls.Config{
		MinVersion:             tls.VersionTLS12,
		SessionTicketsDisabled: true, // a resumed session would skip the judgement
		ClientAuth:             tls.RequireAnyClientCert,
		GetCertificate:         func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.certificate(st) },
		VerifyConnection: func(c tls.ConnectionState) (err error) {
			*admitted, err = s.admit(st, c.PeerCertificates)
			return err
		},
	}
	if st.unowned() {
		cfg.ClientAuth = tls.RequestClientCert // whoever takes the device over need not have one (OCF Security 2.2.5 §7.3.6)
	}
	return cfg
}

// certificate gives what the device shows: its manufacturer's while it is taken over, else its identity's. Errors: CodeDenied
// where nobody may connect by certificate.
func (s *Server) certificate(st *state) (*tls.Certificate, error) {
	switch {
	case st.unowned() && st.selected == ocf.OwnerTransferManufacturer:
		return &s.cfg.Manufacturer, nil
	case st.unowned():
		return nil, dps.Errorf(dps.CodeDenied, "device is nobody's, and no method of ownership transfer is selected")
	case len(st.identity.Certificate) == 0:
		return nil, dps.Errorf(dps.CodeDenied, "device has no identity certificate: its owner uses a pre-shared key")
	default:
		return &st.identity, nil
	}
}

// admit judges a client by its certificates. Errors: CodeDenied.
func (s *Server) admit(st *state, chain []*x509.Certificate) (*peer, error) {
	if !st.unowned() {
		return st.admitCertificate(chain, s.cfg.Clock())
	}
	if s.sessions.transferring() {
		return nil, errTransfer()
	}
	return &peer{secure: true, transfers: true}, nil
}

func errTransfer() error {
	return dps.Errorf(dps.CodeDenied, "somebody else is taking the device over")
}

// receive reads one message: the first byte may take long, the rest of it not.
func (s *Server) receive(conn *tls.Conn) (message.Message, error) {
	_ = conn.SetReadDeadline(time.Now().Add(s.cfg.IdleTimeout))
	r := &patient{conn: conn, after: s.cfg.HandshakeTimeout}
	return coapstream.Read(r, s.cfg.MaxMessage)
}

// patient shortens the deadline as soon as a message has begun: a peer that sends half of one must not hold a session.
type patient struct {
	conn  net.Conn
	after time.Duration
	begun bool
}

func (p *patient) Read(b []byte) (int, error) {
	n, err := p.conn.Read(b)
	if n > 0 && !p.begun {
		p.begun = true
		_ = p.conn.SetReadDeadline(time.Now().Add(p.after))
	}
	return n, err
}

// serveMessage answers one message and tells whether to go on.
func (s *Server) serveMessage(conn *tls.Conn, p *peer, m message.Message) bool {
	switch {
	case m.Code == codes.Ping:
		return s.send(conn, message.Message{Code: codes.Pong, Token: m.Token}) == nil
	case m.Code == codes.Release, m.Code == codes.Abort:
		return false
	case m.Code>>5 != 0 || m.Code == codes.Empty: // other signals, and answers to what was never asked
		return true
	}
	req := parseRequest(m.Code, m.Options, m.Payload)
	out := s.answer(p, req)
	r := message.Message{Code: out.code, Token: m.Token}
	if !out.isError() && out.value != nil {
		body, err := ocf.Encode(req.accept, out.value)
		if err != nil {
			r.Code = codes.InternalServerError
		} else {
			r.Options, r.Payload = req.options(), body
		}
	}
	return s.send(conn, r) == nil && !out.end
}

func (s *Server) send(conn net.Conn, m message.Message) error {
	data, err := coapstream.Encode(m)
	if err != nil {
		return err
	}
	_ = conn.SetWriteDeadline(time.Now().Add(s.cfg.HandshakeTimeout))
	_, err = conn.Write(data)
	return err
}
