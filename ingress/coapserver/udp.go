package coapserver

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"math/big"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/transport/v5/udp"
	dtlsserver "github.com/plgd-dev/go-coap/v3/dtls/server"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/message/pool"
	coapnet "github.com/plgd-dev/go-coap/v3/net"
	"github.com/plgd-dev/go-coap/v3/net/blockwise"
	"github.com/plgd-dev/go-coap/v3/net/responsewriter"
	"github.com/plgd-dev/go-coap/v3/options"
	"github.com/plgd-dev/go-coap/v3/options/config"
	"github.com/plgd-dev/go-coap/v3/pkg/runner/periodic"
	"github.com/plgd-dev/go-coap/v3/udp/client"

	"dps/shared/telemetry"
)

// udpLinger is how long a draining connection that was active just now may go on: the peer may be fetching the blocks of
// its last answer.
const udpLinger = 2 * time.Second

// checkInterval is how often silent connections and unfinished transfers are looked for.
const checkInterval = time.Second

// udpListener accepts DTLS connections and hands them, once admitted, to the CoAP library, which does block-wise
// transfer, acknowledgement, retransmission and deduplication.
type udpListener struct {
	listener net.Listener
	ready    chan net.Conn
	done     chan struct{}
	live     sync.WaitGroup // handshakes and connections: the library's server must outlive them
}

func listenUDP(address string) (*udpListener, error) {
	a, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, err
	}
	lc := udp.ListenConfig{Backlog: defaultHalfOpen, AcceptFilter: isClientHello, ReadBufferSize: receiveBufferSize}
	l, err := lc.Listen("udp", a)
	if err != nil {
		return nil, err
	}
	return &udpListener{listener: l, ready: make(chan net.Conn), done: make(chan struct{})}, nil
}

// isClientHello tells whether a datagram of an unknown peer begins a handshake (RFC 6347 §4.1, §4.3.2): anything else
// gets no memory.
func isClientHello(b []byte) bool {
	const handshakeRecord, clientHello, headerLength = 22, 1, 13
	return len(b) > headerLength && b[0] == handshakeRecord && b[1] == 0xfe &&
		binary.BigEndian.Uint16(b[3:5]) == 0 && b[headerLength] == clientHello
}

func (l *udpListener) addr() net.Addr { return l.listener.Addr() }

func (l *udpListener) close() { _ = l.listener.Close() }

// serve accepts until the listener is closed. The library's server ends once the last connection has.
func (l *udpListener) serve(ctx context.Context, s *Server) {
	s.wg.Go(func() {
		if err := newLibraryServer(ctx, s).Serve(l); err != nil {
			s.cfg.Log.Error("CoAP over UDP has stopped", "error", err)
		}
	})
	for {
		raw, err := l.listener.Accept()
		if err != nil {
			break
		}
		if s.conns.len() >= s.cfg.MaxConnections {
			s.cfg.Count("connection_refused", "max_connections")
			_ = raw.Close()
			continue
		}
		l.live.Add(1)
		leave := s.halfOpen.enter(func() { _ = raw.Close() })
		s.wg.Go(func() { l.admit(ctx, s, raw, leave) })
	}
	s.wg.Go(func() { l.live.Wait(); close(l.done) })
}

// admit takes a fresh connection through its handshake and hands it over. leave takes it out of the half-open table.
func (l *udpListener) admit(ctx context.Context, s *Server, raw net.Conn, leave func()) {
	traced, span := s.traceConnection(ctx, transportUDP, raw.RemoteAddr())
	conn, session, err := handshake(traced, s, transportUDP, func(ctx context.Context) (*dtls.Conn, Session, error) { return s.handshakeDTLS(ctx, raw) })
	leave()
	if err != nil {
		s.refused(raw.RemoteAddr(), err)
		span.Fail(refusalReason(err))
		_ = raw.Close()
		l.live.Done()
		return
	}
	session.Opened()
	select {
	case l.ready <- &udpConn{Conn: conn, server: s, session: session, span: span}:
	case <-ctx.Done():
		span.End(nil)
		_ = conn.Close()
		l.live.Done()
	}
}

// AcceptWithContext gives the library the next admitted connection.
func (l *udpListener) AcceptWithContext(ctx context.Context) (net.Conn, error) {
	select {
	case c := <-l.ready:
		return c, nil
	case <-l.done:
		return nil, coapnet.ErrListenerIsClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Close is the library's; the socket is closed by the Server.
func (l *udpListener) Close() error { return nil }

// udpConn is one admitted connection: the library's connection and the session behind it.
type udpConn struct {
	net.Conn // the DTLS connection
	server   *Server
	coap     *client.Conn
	session  Session
	span     *telemetry.Span // of the connection
	serving  sync.Mutex      // a session's methods are called one at a time
	lastSeen atomic.Int64
}

func newLibraryServer(ctx context.Context, s *Server) *dtlsserver.Server {
	opts := []dtlsserver.Option{
		options.WithContext(ctx),
		options.WithPeriodicRunner(periodic.New(ctx.Done(), checkInterval)), // the library's own outlives its server
		options.WithMaxMessageSize(uint32(s.cfg.MaxMessageSize)),            //nolint:gosec // configuration bounds it
		options.WithMessagePool(pool.New(s.cfg.MessagePoolSize, 2048)),
		options.WithBlockwise(s.cfg.BlockwiseEnabled, blockSize(s.cfg.BlockwiseSize), transferTimeout),
		options.WithInactivityMonitor(s.cfg.InactivityTimeout, func(cc *client.Conn) { _ = cc.Close() }),
		options.WithErrors(func(err error) { s.cfg.Log.Log(ctx, slog.LevelDebug, "CoAP over UDP", "error", err) }),
		options.WithOnNewConn(func(cc *client.Conn) { openUDP(s, cc) }),
		options.WithHandlerFunc(handleUDP),
		options.WithProcessReceivedMessageFunc(processUDP),
	}
	return dtlsserver.New(opts...)
}

type connKey struct{}

func openUDP(s *Server, cc *client.Conn) {
	c, ok := cc.NetConn().(*udpConn)
	if !ok {
		return
	}
	c.coap = cc
	cc.SetContextValue(connKey{}, c)
	added := s.conns.add(c)
	cc.AddOnClose(func() {
		s.conns.remove(c)
		c.span.End(nil)
		s.udp.live.Done()
	})
	if !added || s.draining.Load() {
		c.close()
	}
}

// processUDP notes that the peer is alive, so that draining does not cut it off between two blocks.
func processUDP(req *pool.Message, cc *client.Conn, handler config.HandlerFunc[*client.Conn]) {
	if c, ok := cc.Context().Value(connKey{}).(*udpConn); ok {
		c.lastSeen.Store(time.Now().UnixNano())
	}
	cc.ProcessReceivedMessageWithHandler(req, handler)
}

func handleUDP(w *responsewriter.ResponseWriter[*client.Conn], r *pool.Message) {
	c, ok := w.Conn().Context().Value(connKey{}).(*udpConn)
	if !ok || r.Code()>>5 != 0 || r.Code() == codes.Empty {
		return
	}
	if isStrayBlock(r.Options()) {
		c.server.cfg.Count("message_refused", "stray_block")
		_ = w.SetResponse(codes.RequestEntityIncomplete, 0, nil) // of two fixed arguments
		return
	}
	body, err := r.ReadBody()
	if err != nil {
		return
	}
	c.serve(w, parseRequest(r.Code(), r.Options(), body))
}

func (c *udpConn) serve(w *responsewriter.ResponseWriter[*client.Conn], req Request) {
	c.serving.Lock()
	defer c.serving.Unlock()
	r := c.session.Serve(c.span.Context(c.coap.Context()), req)
	m := responseMessage(nil, r)
	var content []message.Option
	for _, o := range m.Options {
		if o.ID != message.ContentFormat {
			content = append(content, o)
		}
	}
	var err error
	if m.Payload != nil {
		err = w.SetResponse(m.Code, message.MediaType(r.Format), bytes.NewReader(m.Payload), content...)
	} else {
		err = w.SetResponse(m.Code, 0, nil, content...)
	}
	if err != nil {
		c.server.cfg.Log.Error("answer cannot be sent", "error", err)
	}
	if r.Close {
		time.AfterFunc(udpLinger, c.close)
		return
	}
	if c.session.Discovery() {
		c.server.wg.Go(c.discover)
	}
}

// discover asks the peer for its local endpoints; nobody waits for it.
func (c *udpConn) discover() {
	ctx, cancel := context.WithTimeout(c.coap.Context(), discoveryTimeout)
	defer cancel()
	token := newToken()
	req := c.coap.AcquireMessage(ctx)
	defer c.coap.ReleaseMessage(req)
	m := discovery(token)
	req.SetCode(m.Code)
	req.SetToken(token)
	req.ResetOptionsTo(m.Options)
	req.SetType(message.Confirmable)
	req.SetMessageID(randomMessageID())
	resp, err := c.coap.Do(req)
	if err != nil {
		return
	}
	defer c.coap.ReleaseMessage(resp)
	format, err := resp.ContentFormat()
	if err != nil || resp.Code() != codes.Content {
		return
	}
	body, err := resp.ReadBody()
	if err != nil {
		return
	}
	c.serving.Lock()
	defer c.serving.Unlock()
	c.session.Answer(uint16(format), body)
}

// interrupt closes the connection, a little later where the peer was active just now.
func (c *udpConn) interrupt() {
	if time.Since(time.Unix(0, c.lastSeen.Load())) < udpLinger {
		time.AfterFunc(udpLinger, c.close)
		return
	}
	c.close()
}

func (c *udpConn) close() { _ = c.coap.Close() }

// blockSize is the largest block size of RFC 7959 §2.2 that is not over n bytes.
func blockSize(n int) blockwise.SZX {
	szx := blockwise.SZX16
	for size := 32; size <= n && szx < blockwise.SZX1024; size *= 2 {
		szx++
	}
	return szx
}

func randomMessageID() int32 {
	n, err := rand.Int(rand.Reader, big.NewInt(1<<16))
	if err != nil {
		return 0
	}
	return int32(n.Int64()) //nolint:gosec // under 1<<16
}
