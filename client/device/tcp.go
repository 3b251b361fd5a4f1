package device

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// maxAbandoned bounds the tokens of requests that timed out and may be answered yet.
const maxAbandoned = 8

// tcpLink is CoAP over TLS over TCP. It runs on its caller's goroutine alone.
type tcpLink struct {
	conn      *tls.Conn
	frames    *frameReader
	discovery discovery
	server    []*x509.Certificate
	took      time.Duration
	abandoned []message.Token
}

var _ link = (*tcpLink)(nil)

// dialTCP makes the handshake over raw, which it owns from here on.
func (d dialer) dialTCP(ctx context.Context, raw net.Conn) (link, error) {
	l := &tcpLink{discovery: d.discovery}
	l.conn = tls.Client(raw, d.tlsConfig(&l.server))
	started := d.cfg.Clock()
	if err := l.conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, connFault(ctx, ReasonHandshake, err)
	}
	l.took = d.cfg.Clock().Sub(started)
	l.frames = newFrameReader(l.conn)
	return l, nil
}

// tlsConfig makes the device's ClientHello (PROTOCOL §1): its suites and groups, no SNI, no ALPN, no tickets.
func (d dialer) tlsConfig(server *[]*x509.Certificate) *tls.Config {
	return &tls.Config{
		MinVersion: d.cfg.MinVersion,
		MaxVersion: d.cfg.MaxVersion,
		CipherSuites: []uint16{ // C024 is not in crypto/tls
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256, //nolint:gosec // the device offers it, so a server must withstand it
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
			tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		},
		CurvePreferences:       []tls.CurveID{tls.CurveP256, tls.CurveP384},
		SessionTicketsDisabled: true,
		InsecureSkipVerify:     true, // VerifyConnection does what the device does: no host name
		// A callback, not Certificates: a server whose list of authorities leaves ours out still gets to see it.
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &d.certificate, nil },
		VerifyConnection: func(s tls.ConnectionState) error {
			*server = s.PeerCertificates
			return verifyServer(s.PeerCertificates, d.roots, d.now())
		},
	}
}

func (l *tcpLink) peer() []*x509.Certificate { return l.server }
func (l *tcpLink) handshake() time.Duration  { return l.took }
func (l *tcpLink) close()                    { _ = l.conn.Close() }

// exchange sends the request and serves the server's own requests until the answer is there.
func (l *tcpLink) exchange(ctx context.Context, q request) (response, error) {
	release := interruptible(ctx, l.conn.NetConn())
	defer release()
	token := newToken()
	err := l.send(message.Message{Code: q.code, Token: token, Options: q.options(), Payload: q.payload})
	if err != nil {
		return response{}, connFault(ctx, ReasonClosed, err)
	}
	for {
		m, err := l.frames.next()
		if err != nil {
			l.abandon(token)
			return response{}, connFault(ctx, ReasonClosed, err)
		}
		answered, err := l.receive(m, token)
		if err != nil || answered {
			return newResponse(m.Code, m.Options, m.Payload), err
		}
	}
}

// receive deals with one message and tells whether it answers the token.
func (l *tcpLink) receive(m message.Message, token message.Token) (bool, error) {
	switch {
	case isSignal(m.Code):
		return false, l.signal(m)
	case isRequest(m.Code):
		return false, l.serve(m)
	case bytes.Equal(m.Token, token):
		return true, nil
	case l.wasAbandoned(m.Token):
		return false, nil
	default:
		return false, faultf(ReasonToken, "%s with token %x, want %x", codeText(m.Code), []byte(m.Token), []byte(token))
	}
}

// signal answers a ping; the device never answers a CSM (PROTOCOL §2.1).
func (l *tcpLink) signal(m message.Message) error {
	switch m.Code {
	case codes.Ping:
		return l.send(message.Message{Code: codes.Pong, Token: m.Token})
	case codes.Release, codes.Abort:
		return faultf(ReasonClosed, "the server sent %s", codeText(m.Code))
	default:
		return nil
	}
}

// serve answers a request of the server, if the device answers at all.
func (l *tcpLink) serve(m message.Message) error {
	path, err := m.Options.Path()
	if err != nil {
		return faultf(ReasonMalformed, "path of the server's request: %w", err)
	}
	answer, ok := l.discovery.answer(m.Code, path)
	if !ok {
		return nil
	}
	answer.Token = m.Token
	return l.send(answer)
}

// send writes one message in one TLS record.
func (l *tcpLink) send(m message.Message) error {
	data, err := frame(m)
	if err != nil {
		return err
	}
	_, err = l.conn.Write(data)
	return err
}

func (l *tcpLink) abandon(t message.Token) {
	l.abandoned = append(l.abandoned, t)
	if len(l.abandoned) > maxAbandoned {
		l.abandoned = l.abandoned[1:]
	}
}

func (l *tcpLink) wasAbandoned(t message.Token) bool {
	for _, a := range l.abandoned {
		if bytes.Equal(a, t) {
			return true
		}
	}
	return false
}

// interruptible makes reads and writes fail as soon as ctx ends. The deadline, not Close, leaves the connection usable
// after a timeout. After release nothing of ctx touches the connection any more.
func interruptible(ctx context.Context, conn net.Conn) (release func()) {
	_ = conn.SetDeadline(time.Time{})
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		_ = conn.SetDeadline(time.Unix(1, 0))
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}
