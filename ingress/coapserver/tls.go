package coapserver

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
)

// cipherSuites are offered for TLS 1.2: ECDHE with AEAD first, then the one CBC suite of the device's list (PROTOCOL §1)
// that crypto/tls has. TLS 1.3 has its own.
var cipherSuites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, // C023: devices in the field offer it
}

// baseTLS is what every TLS connection starts from. There are no session tickets: the device has none, and a resumed
// session would carry certificates of another day.
func (s *Server) baseTLS() *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS12,
		CipherSuites:           cipherSuites,
		ClientAuth:             tls.RequireAnyClientCert,
		SessionTicketsDisabled: true,
		GetCertificate:         func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.cfg.Certificate() },
	}
}

// handshakeTLS runs the handshake of one connection and gives the session that was admitted in it.
func (s *Server) handshakeTLS(ctx context.Context, raw net.Conn) (*tls.Conn, Session, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.HandshakeTimeout)
	defer cancel()
	var session Session
	cfg := s.tls.Clone()
	cfg.VerifyConnection = func(state tls.ConnectionState) error {
		var err error
		session, err = s.admit(ctx, Peer{Certificates: state.PeerCertificates, Remote: raw.RemoteAddr(), Protocol: transportTCP})
		return err
	}
	limited := &handshakeConn{Conn: raw, left: handshakeBytes}
	conn := tls.Server(limited, cfg)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, nil, err
	}
	limited.done = true
	return conn, session, nil
}

var errHandshakeBytes = errors.New("handshake is longer than any device's")

// handshakeConn bounds what is read until the handshake is done: crypto/tls parses certificates before it asks anybody.
type handshakeConn struct {
	net.Conn
	left int
	done bool
}

// Read reads from the connection, within what is left.
func (c *handshakeConn) Read(b []byte) (int, error) {
	if c.done {
		return c.Conn.Read(b)
	}
	if c.left <= 0 {
		return 0, errHandshakeBytes
	}
	n, err := c.Conn.Read(b[:min(len(b), c.left)])
	c.left -= n
	return n, err
}

// refusalReason names what went wrong with a handshake that the admitter did not refuse itself.
func refusalReason(err error) string {
	var netErr net.Error
	switch {
	case errors.Is(err, errNotAdmitted):
		return "refused"
	case errors.Is(err, errHandshakeBytes):
		return "too_large"
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &netErr) && netErr.Timeout():
		return "timeout"
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.Is(err, context.Canceled):
		return "closed"
	default:
		return "tls"
	}
}
