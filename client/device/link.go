package device

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// link is a connection to a server on which one request at a time is answered.
type link interface {
	// exchange sends the request and gives its answer. Errors: a fault; ReasonTimeout leaves the link usable.
	exchange(ctx context.Context, q request) (response, error)
	// peer gives the server's chain, leaf first.
	peer() []*x509.Certificate
	// handshake tells how long the handshake took.
	handshake() time.Duration
	// close ends the connection and everything that served it.
	close()
}

// dialer is what a link needs to come about.
type dialer struct {
	cfg         Config
	certificate tls.Certificate
	roots       *x509.CertPool
	now         func() time.Time
	discovery   discovery
}

// dial opens a link. Errors: a fault.
func (d dialer) dial(ctx context.Context, to endpoint) (link, error) {
	raw, err := d.cfg.Dial(ctx, to.network, to.address)
	if err != nil {
		return nil, ctxFault(ctx, ReasonConnect, err)
	}
	if to.network == networkUDP {
		return d.dialUDP(ctx, raw)
	}
	return d.dialTCP(ctx, raw)
}

// connFault says why a connection failed: a broken rule, a refusal, time, or the reason given.
func connFault(ctx context.Context, otherwise Reason, err error) error {
	var f *fault
	if errors.As(err, &f) {
		return f
	}
	if isAlert(err) {
		return faultf(ReasonRefused, "%w", err)
	}
	return ctxFault(ctx, otherwise, err)
}

// isAlert tells whether the peer sent a fatal alert. With TLS 1.3 that is seen at the first read only.
func isAlert(err error) bool {
	var op *net.OpError
	if errors.As(err, &op) && op.Op == "remote error" { // crypto/tls
		return true
	}
	var alert interface {
		error
		IsFatalOrCloseNotify() bool // pion/dtls
	}
	return errors.As(err, &alert) && !strings.Contains(alert.Error(), "CloseNotify")
}

// ctxFault is a timeout where the context's deadline passed, the context's own error where it was cancelled, else a fault
// of the given reason.
func ctxFault(ctx context.Context, otherwise Reason, err error) error {
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return faultf(ReasonTimeout, "%w", ctx.Err())
	case ctx.Err() != nil:
		return &fault{reason: otherwise, detail: ctx.Err().Error(), cause: ctx.Err()}
	default:
		return faultf(otherwise, "%w", err)
	}
}

// isRequest tells requests from answers (RFC 7252 §12.1): class 0, empty excepted.
func isRequest(c codes.Code) bool { return c>>5 == 0 && c != codes.Empty }

// isSignal tells the signalling messages of TCP (RFC 8323 §5).
func isSignal(c codes.Code) bool { return c>>5 == 7 }
