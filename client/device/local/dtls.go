package local

import (
	"context"
	"crypto/x509"
	"net"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/elliptic"
	dtlsnet "github.com/pion/dtls/v3/pkg/net"

	"dps/shared/dps"
)

// The cipher suites that the library and the firmware have in common, and the library's other good ones (OCF Security 2.2.5
// §11.3). The firmware has one suite for pre-shared keys.
func certificateSuites() []dtls.CipherSuiteID {
	return []dtls.CipherSuiteID{
		dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM, dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8,
	}
}

func keySuites() []dtls.CipherSuiteID {
	return []dtls.CipherSuiteID{dtls.TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256, dtls.TLS_PSK_WITH_AES_128_GCM_SHA256}
}

// serveDTLS accepts CoAP over DTLS until the listener is closed.
func (s *Server) serveDTLS(ctx context.Context) {
	for {
		raw, err := s.dtls.Accept()
		if err != nil {
			return
		}
		s.enter(raw, func(ses *session) { s.serveDatagrams(ctx, ses, raw) })
	}
}

// serveDatagrams takes one peer through its handshake and its requests.
func (s *Server) serveDatagrams(ctx context.Context, ses *session, raw net.Conn) {
	conn, err := s.handshakeDTLS(ctx, ses, raw)
	if err != nil {
		s.refused(raw.RemoteAddr(), err)
		return
	}
	s.accepted(ses.peer, raw.RemoteAddr())
	d := &datagrams{server: s, peer: ses.peer}
	d.run(ctx, conn)
}

func (s *Server) handshakeDTLS(ctx context.Context, ses *session, raw net.Conn) (*dtls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.HandshakeTimeout)
	defer cancel()
	var admitted *peer
	options, err := s.dtlsOptions(&admitted)
	if err != nil {
		return nil, err
	}
	conn, err := dtls.ServerWithOptions(dtlsnet.PacketConnFromConn(raw), raw.RemoteAddr(), options...)
	if err != nil {
		return nil, err
	}
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	if !s.sessions.admit(ses, admitted) {
		_ = conn.Close()
		return nil, errTransfer()
	}
	return conn, nil
}

// dtlsOptions are for one handshake.
func (s *Server) dtlsOptions(admitted **peer) ([]dtls.ServerOption, error) {
	st := s.current()
	options := []dtls.ServerOption{
		dtls.WithEllipticCurves(elliptic.P256, elliptic.P384, elliptic.X25519),
		dtls.WithExtendedMasterSecret(dtls.RequestExtendedMasterSecret),
		dtls.WithVerifyConnection(func(c *dtls.State) (err error) {
			*admitted, err = s.admitDTLS(st, c)
			return err
		}),
	}
	var suites []dtls.CipherSuiteID
	if certificate, err := s.certificate(st); err == nil {
		auth := dtls.RequireAnyClientCert
		if st.unowned() {
			auth = dtls.RequestClientCert
		}
		suites = append(suites, certificateSuites()...)
		options = append(options, dtls.WithCertificates(*certificate), dtls.WithClientAuth(auth))
	}
	if !st.unowned() && st.hasKey() {
		id, err := identityBytes(st.deviceID)
		if err != nil {
			return nil, err
		}
		suites = append(suites, keySuites()...)
		options = append(options, dtls.WithPSK(st.key), dtls.WithPSKIdentityHint(id))
	}
	if len(suites) == 0 { // the handshake goes on until it can be refused with an alert: silence would look like absence
		suites = keySuites()
		options = append(options, dtls.WithPSK(func([]byte) ([]byte, error) {
			return nil, dps.Errorf(dps.CodeDenied, "device has no credentials for anybody, and no method of ownership transfer is selected")
		}))
	}
	return append(options, dtls.WithCipherSuites(suites...)), nil
}

func (s *Server) admitDTLS(st *state, c *dtls.State) (*peer, error) {
	if len(c.IdentityHint) > 0 {
		return st.admitKey(c.IdentityHint)
	}
	if len(c.PeerCertificates) > maxChain {
		return nil, dps.Errorf(dps.CodeDenied, "client presents %d certificates, at most %d are allowed", len(c.PeerCertificates), maxChain)
	}
	chain := make([]*x509.Certificate, 0, len(c.PeerCertificates))
	for _, der := range c.PeerCertificates {
		cert, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, dps.Wrap(dps.CodeDenied, err, "client certificate cannot be read")
		}
		chain = append(chain, cert)
	}
	return s.admit(st, chain)
}
