package device

import (
	"context"
	"time"

	"github.com/pion/dtls/v3"
	coapdtls "github.com/plgd-dev/go-coap/v3/dtls/server"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/pool"
	coapnet "github.com/plgd-dev/go-coap/v3/net"
	"github.com/plgd-dev/go-coap/v3/net/blockwise"
	"github.com/plgd-dev/go-coap/v3/udp/client"
)

// How the library works for one device.
const (
	udpMaxMessage      = 16 << 10 // bytes of a reassembled message: over maxPayload, so that checkMessage has the say
	udpTick            = 100 * time.Millisecond
	blockTimeout       = 10 * time.Second
	udpReceiveQueue    = 4
	udpRetransmissions = 4 // RFC 7252 §4.8
)

// start runs the CoAP layer over conn until close, or until the connection breaks. The library's own constructor leaves goroutines behind that nobody can
// wait for, hence the parts by hand.
func (l *udpLink) start(ctx context.Context, conn *dtls.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	l.stop = cancel
	cfg := client.DefaultConfig
	cfg.Ctx = ctx
	cfg.Handler = l.serve
	cfg.Errors = func(error) {} // a broken connection fails the exchange, which reports it
	cfg.MaxMessageSize = udpMaxMessage
	cfg.BlockwiseTransferTimeout = blockTimeout
	cfg.ReceivedMessageQueueSize = udpReceiveQueue
	cfg.TransmissionMaxRetransmit = udpRetransmissions
	session := coapdtls.NewSession(ctx, coapnet.NewConn(conn), cfg.MaxMessageSize, cfg.MTU, true)
	l.conn = client.NewConnWithOpts(session, &cfg, client.WithBlockWise(func(cc *client.Conn) *blockwise.BlockWise[*client.Conn] {
		// Not the method's value: what it belongs to is set after this returns, and a block from the peer would find nil.
		return blockwise.New(cc, cfg.BlockwiseTransferTimeout, cfg.Errors, func(t message.Token) (*pool.Message, bool) {
			return cc.GetObservationRequest(t)
		})
	}))
	l.running.Go(func() {
		defer cancel()
		_ = l.conn.Run() // its error is the closed connection
	})
	l.running.Go(func() { l.tick(ctx) })
}

// tick drives retransmission and forgets what expired.
func (l *udpLink) tick(ctx context.Context) {
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
