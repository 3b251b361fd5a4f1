package reach

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"sync"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/elliptic"
	dtlsnet "github.com/pion/dtls/v3/pkg/net"
)

// The cipher suites that the library and the firmware have in common, and the library's other good ones (OCF Security 2.2.5
// §11.3). Under ownership transfer the firmware takes those with CCM alone.
func certificateSuites() []dtls.CipherSuiteID {
	return []dtls.CipherSuiteID{
		dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
		dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM, dtls.TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8,
	}
}

// handshake is what was seen of a handshake, for whoever must explain its failure. The library's goroutines write it.
type handshake struct {
	mu       sync.Mutex
	rejected error // by us
	accepted bool  // the device, by us
	answered bool  // the device asked for our key
}

// judge notes what became of the device's certificates.
func (h *handshake) judge(err error) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rejected, h.accepted = err, err == nil
	return err
}

func (h *handshake) asked() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.answered = true
}

// seen gives what is known so far.
func (h *handshake) seen() (accepted, answered bool, rejected error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.accepted, h.answered, h.rejected
}

// dialDTLS makes a handshake at the address. Errors: those of the connection, with h saying how far it went.
func dialDTLS(ctx context.Context, address string, h *handshake, options ...dtls.ClientOption) (*dtls.Conn, error) {
	raw, err := new(net.Dialer).DialContext(ctx, "udp", address)
	if err != nil {
		return nil, err
	}
	options = append(options,
		dtls.WithEllipticCurves(elliptic.P256, elliptic.P384),
		dtls.WithExtendedMasterSecret(dtls.RequestExtendedMasterSecret),
		dtls.WithInsecureSkipVerify(true)) // the callbacks do what OCF demands: the device's id instead of a host name
	conn, err := dtls.ClientWithOptions(dtlsnet.PacketConnFromConn(raw), raw.RemoteAddr(), options...)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		_ = raw.Close()
		_, _, rejected := h.seen()
		return nil, errors.Join(rejected, err)
	}
	return conn, nil
}

// withCertificate are the options of a handshake in which the device shows a certificate.
func (h *handshake) withCertificate(c Credentials, verify func([][]byte) error) []dtls.ClientOption {
	options := []dtls.ClientOption{
		dtls.WithCipherSuites(certificateSuites()...),
		dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error {
			return h.judge(verify(raw))
		}),
	}
	if c.Identity != nil {
		options = append(options, dtls.WithCertificates(*c.Identity))
	}
	return options
}

// withKey are the options of a handshake by pre-shared key: the identity is the 16 bytes of our UUID.
func (h *handshake) withKey(k PSK) []dtls.ClientOption {
	return []dtls.ClientOption{
		dtls.WithCipherSuites(dtls.TLS_ECDHE_PSK_WITH_AES_128_CBC_SHA256),
		dtls.WithPSKIdentityHint(k.identityBytes()),
		dtls.WithPSK(func([]byte) ([]byte, error) {
			h.asked()
			return append([]byte(nil), k.Key[:]...), nil
		}),
	}
}
