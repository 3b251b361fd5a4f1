package device

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/dtls/v3/pkg/crypto/elliptic"
	dtlsnet "github.com/pion/dtls/v3/pkg/net"
	"github.com/plgd-dev/go-coap/v3/message/pool"
	"github.com/plgd-dev/go-coap/v3/net/responsewriter"
	"github.com/plgd-dev/go-coap/v3/udp/client"
)

// udpLink is CoAP over DTLS over UDP: retransmission, deduplication and block-wise transfer are the library's.
type udpLink struct {
	conn      *client.Conn
	discovery discovery
	server    []*x509.Certificate
	took      time.Duration
	stop      context.CancelFunc
	running   sync.WaitGroup

	mu     sync.Mutex
	broken error // a rule that the server broke in a request of its own
}

var _ link = (*udpLink)(nil)

// dialUDP makes the handshake over raw, which it owns from here on.
func (d dialer) dialUDP(ctx context.Context, raw net.Conn) (link, error) {
	l := &udpLink{discovery: d.discovery}
	var rejected error // by us: the library does not pass the error on as it was
	conn, err := dtls.ClientWithOptions(dtlsnet.PacketConnFromConn(raw), raw.RemoteAddr(), d.dtlsOptions(&l.server, &rejected)...)
	if err != nil {
		_ = raw.Close()
		return nil, faultf(ReasonHandshake, "%w", err)
	}
	started := d.cfg.Clock()
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		_ = raw.Close()
		return nil, connFault(ctx, ReasonHandshake, errors.Join(rejected, err))
	}
	l.took = d.cfg.Clock().Sub(started)
	l.start(context.WithoutCancel(ctx), conn)
	return l, nil
}

func (d dialer) dtlsOptions(server *[]*x509.Certificate, rejected *error) []dtls.ClientOption {
	return []dtls.ClientOption{
		dtls.WithCertificates(d.certificate),
		dtls.WithInsecureSkipVerify(true), // the callback below does what the device does: no host name
		dtls.WithVerifyConnection(func(s *dtls.State) error {
			chain, err := parseChain(s.PeerCertificates)
			if err == nil {
				err = verifyServer(chain, d.roots, d.now())
			}
			*server, *rejected = chain, err
			return err
		}),
		dtls.WithCipherSuites( // the CBC suites of PROTOCOL §1 are not in the library
			dtls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, dtls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
			dtls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, dtls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384),
		dtls.WithEllipticCurves(elliptic.P256, elliptic.P384),
		dtls.WithExtendedMasterSecret(dtls.RequestExtendedMasterSecret),
	}
}

func (l *udpLink) peer() []*x509.Certificate { return l.server }
func (l *udpLink) handshake() time.Duration  { return l.took }

// close ends the connection and waits for everything that served it.
func (l *udpLink) close() {
	l.stop()
	_ = l.conn.Close()
	l.running.Wait()
}

// exchange sends the request and waits for its answer. A timeout leaves the link usable.
func (l *udpLink) exchange(ctx context.Context, q request) (response, error) {
	m := l.conn.AcquireMessage(ctx)
	defer l.conn.ReleaseMessage(m)
	m.SetCode(q.code)
	m.SetToken(newToken())
	m.ResetOptionsTo(q.options())
	if q.payload != nil {
		m.SetBody(bytes.NewReader(q.payload))
	}
	answer, err := l.conn.Do(m)
	if err != nil {
		return response{}, connFault(ctx, ReasonClosed, errors.Join(l.brokenRule(), err))
	}
	defer l.conn.ReleaseMessage(answer)
	return udpResponse(answer)
}

// udpResponse copies what a step looks at out of a pooled message, once it is checked.
func udpResponse(m *pool.Message) (response, error) {
	payload, err := m.ReadBody()
	if err != nil {
		return response{}, faultf(ReasonMalformed, "%w", err)
	}
	if err := checkMessage(networkUDP, m.Options(), payload); err != nil {
		return response{}, err
	}
	return newResponse(m.Code(), m.Options(), bytes.Clone(payload)), nil
}

// serve answers a request of the server; a late answer to a request that timed out comes here too and is dropped.
func (l *udpLink) serve(w *responsewriter.ResponseWriter[*client.Conn], m *pool.Message) {
	if !isRequest(m.Code()) {
		return
	}
	path, err := m.Options().Path()
	if err == nil {
		_, err = udpResponse(m)
	}
	if err != nil {
		l.breakWith(err)
		return
	}
	answer, ok := l.discovery.answer(m.Code(), path)
	if !ok {
		return
	}
	w.Message().SetCode(answer.Code)
	w.Message().SetToken(m.Token())
	w.Message().ResetOptionsTo(answer.Options)
	if answer.Payload != nil {
		w.Message().SetBody(bytes.NewReader(answer.Payload))
	}
}

func (l *udpLink) breakWith(err error) {
	l.mu.Lock()
	l.broken = err
	l.mu.Unlock()
	_ = l.conn.Close()
}

func (l *udpLink) brokenRule() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.broken
}
