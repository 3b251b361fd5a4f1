package coapserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/elliptic"
	dtlsnet "github.com/pion/dtls/v3/pkg/net"
)

// maxRawCertificates bounds what is parsed of a DTLS peer, before the admitter applies its own, tighter bounds.
const maxRawCertificates = 8

var errNoCertificate = errors.New("peer presents no certificate")

// dtlsCipherSuites are ECDHE with AEAD, the device's first choices (PROTOCOL §1).
var dtlsCipherSuites = []dtls.CipherSuiteID{
	dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	dtls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	dtls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM,
}

// handshakeDTLS runs the handshake of one connection and gives the session that was admitted in it.
func (s *Server) handshakeDTLS(ctx context.Context, raw net.Conn) (*dtls.Conn, Session, error) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.HandshakeTimeout)
	defer cancel()
	certificate, err := s.cfg.Certificate()
	if err != nil {
		return nil, nil, err
	}
	var session Session
	admit := func(state *dtls.State) error {
		chain, err := parseChain(state.PeerCertificates)
		if err != nil {
			return err
		}
		session, err = s.admit(ctx, Peer{Certificates: chain, Remote: raw.RemoteAddr(), Protocol: transportUDP})
		return err
	}
	conn, err := dtls.ServerWithOptions(dtlsnet.PacketConnFromConn(raw), raw.RemoteAddr(), dtlsOptions(*certificate, admit)...)
	if err != nil {
		return nil, nil, err
	}
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, nil, err
	}
	return conn, session, nil
}

func dtlsOptions(certificate tls.Certificate, admit func(*dtls.State) error) []dtls.ServerOption {
	return []dtls.ServerOption{
		dtls.WithCertificates(certificate),
		dtls.WithCipherSuites(dtlsCipherSuites...),
		dtls.WithEllipticCurves(elliptic.X25519, elliptic.P256, elliptic.P384),
		dtls.WithClientAuth(dtls.RequireAnyClientCert),
		dtls.WithExtendedMasterSecret(dtls.RequestExtendedMasterSecret),
		dtls.WithVerifyConnection(admit),
	}
}

func parseChain(raw [][]byte) ([]*x509.Certificate, error) {
	if len(raw) == 0 {
		return nil, errNoCertificate
	}
	size := 0
	for _, der := range raw {
		size += len(der)
	}
	if len(raw) > maxRawCertificates || size > handshakeBytes {
		return nil, errHandshakeBytes
	}
	chain := make([]*x509.Certificate, 0, len(raw))
	for _, der := range raw {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		chain = append(chain, c)
	}
	return chain, nil
}
