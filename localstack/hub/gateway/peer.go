package gateway

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/pion/dtls/v3"
	"github.com/plgd-dev/go-coap/v3/mux"

	"dps/shared/dps"
	"dps/shared/pki"
)

// peer is a connected device: who its identity certificate says it is, and whether it has signed in.
type peer struct {
	deviceID string
	signedIn atomic.Bool
}

type peerKey struct{}

// peerOf gives the peer of a connection, the same for each of its requests. The handshake has verified the chain.
func peerOf(conn mux.Conn) (*peer, error) {
	if p, ok := conn.Context().Value(peerKey{}).(*peer); ok {
		return p, nil
	}
	leaf, err := certificateOf(conn.NetConn())
	if err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(leaf.UnknownExtKeyUsage, pki.OIDIdentity.Equal) {
		return nil, errors.New("certificate lacks the OCF identity usage")
	}
	id, found := strings.CutPrefix(leaf.Subject.CommonName, "uuid:")
	id, ok := dps.ParseUUID(id)
	if !found || !ok {
		return nil, fmt.Errorf("common name %q is not uuid:UUID", leaf.Subject.CommonName)
	}
	p := &peer{deviceID: id}
	conn.SetContextValue(peerKey{}, p)
	return p, nil
}

func certificateOf(conn net.Conn) (*x509.Certificate, error) {
	switch c := conn.(type) {
	case *tls.Conn:
		if certs := c.ConnectionState().PeerCertificates; len(certs) > 0 {
			return certs[0], nil
		}
	case *dtls.Conn:
		if state, ok := c.ConnectionState(); ok && len(state.PeerCertificates) > 0 {
			return x509.ParseCertificate(state.PeerCertificates[0])
		}
	}
	return nil, errors.New("no certificate")
}
