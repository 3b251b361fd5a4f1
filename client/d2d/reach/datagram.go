package reach

import (
	"bytes"
	"context"
	"errors"
	"net"
	"sync"
	"time"

	coapdtls "github.com/plgd-dev/go-coap/v3/dtls/server"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/message/pool"
	coapnet "github.com/plgd-dev/go-coap/v3/net"
	"github.com/plgd-dev/go-coap/v3/net/blockwise"
	"github.com/plgd-dev/go-coap/v3/net/responsewriter"
	"github.com/plgd-dev/go-coap/v3/udp/client"
)

// How the CoAP library works for one link.
const (
	udpTick           = 100 * time.Millisecond
	udpReceiveQueue   = 4
	udpRetransmission = 4 // RFC 7252 §4.8
)

// datagramLink is CoAP over UDP, in the clear or in a DTLS session: retransmission, deduplication and block-wise transfer are
// the library's.
type datagramLink struct {
	conn    *client.Conn
	limit   int
	stop    context.CancelFunc
	running sync.WaitGroup
}

var _ link = (*datagramLink)(nil)

// newDatagramLink runs CoAP over conn, which it owns from here on; the link outlives ctx. The library's own constructor leaves goroutines behind that
// nobody can wait for, hence the parts by hand.
func newDatagramLink(ctx context.Context, conn net.Conn, limit int, timeout time.Duration) *datagramLink {
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	l := &datagramLink{limit: limit, stop: cancel}
	cfg := client.DefaultConfig
	cfg.Ctx = ctx
	cfg.Handler = func(*responsewriter.ResponseWriter[*client.Conn], *pool.Message) {} // a device has nothing to ask us
	cfg.Errors = func(error) {}                                                        // a broken link fails the exchange, which reports it
	cfg.MaxMessageSize = uint32(limit)                                                 //nolint:gosec // Options bounds it
	cfg.BlockwiseTransferTimeout = timeout
	cfg.ReceivedMessageQueueSize = udpReceiveQueue
	cfg.TransmissionMaxRetransmit = udpRetransmission
	session := coapdtls.NewSession(ctx, coapnet.NewConn(conn), cfg.MaxMessageSize, cfg.MTU, true)
	l.conn = client.NewConnWithOpts(session, &cfg, client.WithBlockWise(func(cc *client.Conn) *blockwise.BlockWise[*client.Conn] {
		// A closure: what a method value would be bound to is not there yet.
		return blockwise.New(cc, cfg.BlockwiseTransferTimeout, cfg.Errors, func(t message.Token) (*pool.Message, bool) {
			return cc.GetObservationRequest(t)
		})
	}))
	l.running.Go(func() {
		defer cancel()
		_ = l.conn.Run() // its error is the closed connection
	})
	l.running.Go(func() { l.tick(ctx) })
	return l
}

// tick drives retransmission and forgets what expired.
func (l *datagramLink) tick(ctx context.Context) {
	t := time.NewTicker(udpTick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			l.conn.CheckExpirations(now)
		}
	}
}

func (l *datagramLink) open() bool { return l.conn.Context().Err() == nil }

func (l *datagramLink) close() {
	_ = l.conn.Close()
	l.stop()
	l.running.Wait()
}

func (l *datagramLink) exchange(ctx context.Context, q request) (answer, error) {
	m := l.conn.AcquireMessage(ctx)
	defer l.conn.ReleaseMessage(m)
	m.SetType(message.Confirmable)
	m.SetMessageID(l.conn.GetMessageID())
	m.SetCode(q.method)
	m.SetToken(newToken())
	m.ResetOptionsTo(q.options())
	if q.body != nil {
		m.SetBody(bytes.NewReader(q.body))
	}
	r, err := l.conn.Do(m)
	if err != nil {
		return answer{}, l.explain(ctx, err)
	}
	defer l.conn.ReleaseMessage(r)
	body, err := r.ReadBody()
	if err != nil || len(body) > l.limit || r.Code() == codes.Empty {
		return answer{}, errors.Join(errAnswer, err)
	}
	return newAnswer(r.Code(), r.Options(), bytes.Clone(body)), nil
}

func (l *datagramLink) explain(ctx context.Context, err error) error {
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case !l.open():
		return errors.Join(errClosed, err)
	default:
		return errors.Join(errAnswer, err)
	}
}
