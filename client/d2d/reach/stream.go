package reach

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/coapstream"
)

// maxStrays bounds the messages that a device may send between a request and its answer.
const maxStrays = 16

// streamLink is CoAP over TLS over TCP (RFC 8323). It runs on its caller's goroutine alone.
type streamLink struct {
	conn   *tls.Conn
	limit  int
	broken bool
}

var _ link = (*streamLink)(nil)

// dialTLS makes a handshake at the address: verify judges the device's chain. Errors: verify's, those of the connection, with
// h saying how far it went.
func dialTLS(ctx context.Context, address string, h *handshake, c Credentials, limit int, verify func([][]byte) error) (*streamLink, error) {
	raw, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	conn := tls.Client(raw, &tls.Config{
		MinVersion: tls.VersionTLS12,
		// The firmware speaks 1.2 alone. And there a refusal comes within the handshake, where it can be told from a broken line.
		MaxVersion:             tls.VersionTLS12,
		SessionTicketsDisabled: true,
		InsecureSkipVerify:     true, //nolint:gosec // VerifyConnection does what OCF demands: the device's id instead of a host name
		GetClientCertificate:   func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return c.Identity, nil },
		VerifyConnection: func(s tls.ConnectionState) error {
			rawChain := make([][]byte, 0, len(s.PeerCertificates))
			for _, p := range s.PeerCertificates {
				rawChain = append(rawChain, p.Raw)
			}
			return h.judge(verify(rawChain))
		},
	})
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		_, _, rejected := h.seen()
		return nil, errors.Join(rejected, err)
	}
	l := &streamLink{conn: conn, limit: limit}
	if err := l.greet(ctx); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

// greet sends the CSM that RFC 8323 §5.3 asks for, with two options: the firmware misreads a message under 6 bytes. It never
// answers one, so nobody waits for that.
func (l *streamLink) greet(ctx context.Context) error {
	release := interruptible(ctx, l.conn.NetConn())
	defer release()
	return l.send(message.Message{Code: codes.CSM, Options: message.Options{
		uintOption(message.TCPMaxMessageSize, uint32(l.limit)), //nolint:gosec // Options bounds it
		{ID: message.TCPBlockWiseTransfer},
	}})
}

func (l *streamLink) open() bool { return !l.broken }
func (l *streamLink) close()     { _ = l.conn.Close() }

// exchange sends the request and reads until the answer is there.
func (l *streamLink) exchange(ctx context.Context, q request) (answer, error) {
	release := interruptible(ctx, l.conn.NetConn())
	defer release()
	a, err := l.ask(q)
	if err == nil {
		return a, nil
	}
	l.broken = true
	switch {
	case ctx.Err() != nil:
		return answer{}, ctx.Err()
	case errors.Is(err, coapstream.ErrTooLarge), errors.Is(err, coapstream.ErrMalformed), errors.Is(err, errAnswer):
		return answer{}, errors.Join(errAnswer, err)
	case isAlert(err):
		return answer{}, err
	default:
		return answer{}, errors.Join(errClosed, err)
	}
}

func (l *streamLink) ask(q request) (answer, error) {
	token := newToken()
	if err := l.send(message.Message{Code: q.method, Token: token, Options: q.options(), Payload: q.body}); err != nil {
		return answer{}, err
	}
	for range maxStrays {
		m, err := coapstream.Read(l.conn, l.limit)
		switch {
		case err != nil:
			return answer{}, err
		case m.Code == codes.Ping:
			if err := l.send(message.Message{Code: codes.Pong, Token: m.Token}); err != nil {
				return answer{}, err
			}
		case m.Code == codes.Release, m.Code == codes.Abort:
			return answer{}, errClosed
		case m.Code>>5 >= 2 && m.Code>>5 <= 5 && bytes.Equal(m.Token, token):
			return newAnswer(m.Code, m.Options, m.Payload), nil
		}
	}
	return answer{}, errAnswer
}

func (l *streamLink) send(m message.Message) error {
	data, err := coapstream.Encode(m)
	if err != nil {
		return err
	}
	_, err = l.conn.Write(data)
	return err
}

// interruptible makes reads and writes fail as soon as ctx ends. After release nothing of ctx touches the connection.
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
