package local

import (
	"bytes"
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	coapdtls "github.com/plgd-dev/go-coap/v3/dtls/server"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/message/pool"
	coapnet "github.com/plgd-dev/go-coap/v3/net"
	"github.com/plgd-dev/go-coap/v3/net/blockwise"
	"github.com/plgd-dev/go-coap/v3/net/responsewriter"
	"github.com/plgd-dev/go-coap/v3/udp/client"

	"dps/shared/ocf"
)

// How the CoAP library works for a session.
const (
	udpTick         = 100 * time.Millisecond
	blockTimeout    = 10 * time.Second
	udpReceiveQueue = 8
)

// datagrams is the CoAP layer of one DTLS session: acknowledgement, deduplication and block-wise transfer are the library's.
type datagrams struct {
	server *Server
	peer   *peer
	conn   *client.Conn
	seen   atomic.Int64 // when the peer last asked, Unix nanoseconds
	ending sync.Once
	timers sync.WaitGroup
}

// run serves until the session ends. The library's own server leaves goroutines behind that nobody can wait for, hence the
// parts by hand.
func (d *datagrams) run(ctx context.Context, conn *dtls.Conn) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cfg := client.DefaultConfig
	cfg.Ctx = ctx
	cfg.Handler = d.serve
	cfg.Errors = func(error) {}                          // a broken session ends, and that is all
	cfg.MaxMessageSize = uint32(d.server.cfg.MaxMessage) //nolint:gosec // check bounds it
	cfg.BlockwiseTransferTimeout = blockTimeout
	cfg.ReceivedMessageQueueSize = udpReceiveQueue
	session := coapdtls.NewSession(ctx, coapnet.NewConn(conn), cfg.MaxMessageSize, cfg.MTU, true)
	d.conn = client.NewConnWithOpts(session, &cfg, client.WithBlockWise(func(cc *client.Conn) *blockwise.BlockWise[*client.Conn] {
		// A closure: what a method value would be bound to is not there yet.
		return blockwise.New(cc, cfg.BlockwiseTransferTimeout, cfg.Errors, func(t message.Token) (*pool.Message, bool) {
			return cc.GetObservationRequest(t)
		})
	}))
	d.seen.Store(time.Now().UnixNano())
	d.timers.Go(func() { d.tick(ctx) })
	_ = d.conn.Run() // its error is the closed connection
	cancel()
	d.timers.Wait()
}

// tick drives retransmission, and ends a session that is silent for too long.
func (d *datagrams) tick(ctx context.Context) {
	t := time.NewTicker(udpTick)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			_ = d.conn.Close()
			return
		case now := <-t.C:
			d.conn.CheckExpirations(now)
			if now.Sub(time.Unix(0, d.seen.Load())) > d.server.cfg.IdleTimeout {
				_ = d.conn.Close()
			}
		}
	}
}

func (d *datagrams) serve(w *responsewriter.ResponseWriter[*client.Conn], m *pool.Message) {
	if m.Code()>>5 != 0 || m.Code() == codes.Empty {
		return
	}
	d.seen.Store(time.Now().UnixNano())
	body, err := m.ReadBody()
	if err != nil {
		return
	}
	req := parseRequest(m.Code(), m.Options(), bytes.Clone(body))
	out := d.server.answer(d.peer, req)
	w.Message().SetCode(out.code)
	w.Message().SetToken(m.Token())
	if !out.isError() && out.value != nil {
		payload, err := ocf.Encode(req.accept, out.value)
		if err != nil {
			w.Message().SetCode(codes.InternalServerError)
		} else {
			w.Message().ResetOptionsTo(req.options())
			w.Message().SetBody(bytes.NewReader(payload))
		}
	}
	if out.end {
		d.ending.Do(func() { d.timers.Go(d.end) })
	}
}

// end closes the session a little after its last answer, which may have to be sent again.
func (d *datagrams) end() {
	t := time.NewTimer(linger)
	defer t.Stop()
	select {
	case <-t.C:
	case <-d.conn.Context().Done():
	}
	_ = d.conn.Close()
}
