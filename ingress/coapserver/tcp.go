package coapserver

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"net"
	"sync"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// buffers are lent to a connection while a message is in it; an idle connection holds none.
var buffers = sync.Pool{New: func() any { b := make([]byte, 0, 4<<10); return &b }}

// maxPooledBuffer keeps one huge message from staying in the pool for ever.
const maxPooledBuffer = 32 << 10

// tcpConn is one connection over TLS. One goroutine reads, serves and writes: the device asks one thing at a time.
type tcpConn struct {
	server  *Server
	conn    *tls.Conn
	session Session
	asked   message.Token // of GET /oic/res, until it is answered
}

// serveTCP takes a fresh connection through its handshake; the rest of its life gets a goroutine of its own, whose stack the
// handshake has not stretched. leave takes it out of the half-open table.
func (s *Server) serveTCP(ctx context.Context, raw net.Conn, leave func()) {
	ctx, span := s.traceConnection(ctx, transportTCP, raw.RemoteAddr())
	conn, session, err := handshake(ctx, s, transportTCP, func(ctx context.Context) (*tls.Conn, Session, error) { return s.handshakeTLS(ctx, raw) })
	leave()
	if err != nil {
		s.refused(raw.RemoteAddr(), err)
		span.Fail(refusalReason(err))
		_ = raw.Close()
		return
	}
	c := &tcpConn{server: s, conn: conn, session: session}
	if !s.conns.add(c) {
		s.cfg.Count("connection_refused", "max_connections")
		span.Fail("max_connections")
		_ = conn.Close()
		return
	}
	session.Opened()
	s.wg.Go(func() {
		defer span.End(nil)
		c.run(ctx)
	})
}

// run serves messages until the peer leaves, errs, falls silent, or the server drains.
func (c *tcpConn) run(ctx context.Context) {
	defer c.server.conns.remove(c)
	defer func() { _ = c.conn.Close() }()
	if c.write(capabilities(c.server.cfg.MaxMessageSize)) != nil {
		return
	}
	for {
		_ = c.conn.SetReadDeadline(time.Now().Add(c.server.cfg.InactivityTimeout))
		if c.server.draining.Load() { // after the deadline was set: interrupt cannot have come in between unseen
			return
		}
		var first [1]byte
		if _, err := c.conn.Read(first[:]); err != nil {
			return
		}
		_ = c.conn.SetReadDeadline(time.Now().Add(c.server.cfg.MessageTimeout))
		if !c.exchange(ctx, first[0]) {
			return
		}
	}
}

// interrupt ends the wait for the next message; a message in service is finished first.
func (c *tcpConn) interrupt() { _ = c.conn.SetReadDeadline(time.Unix(1, 0)) }

// exchange reads the message that begins with first, and answers it. False ends the connection.
func (c *tcpConn) exchange(ctx context.Context, first byte) bool {
	buf, _ := buffers.Get().(*[]byte)
	m, data, err := readMessage(c.conn, first, *buf, c.server.cfg.MaxMessageSize)
	defer func() {
		if cap(data) <= maxPooledBuffer {
			*buf = data
			buffers.Put(buf)
		}
	}()
	if err != nil {
		c.server.cfg.Count("message_refused", messageFault(err))
		return false
	}
	switch {
	case m.Code == codes.Ping:
		return c.write(message.Message{Code: codes.Pong, Token: m.Token}) == nil
	case m.Code == codes.Release, m.Code == codes.Abort:
		return false
	case m.Code>>5 == 7, m.Code == codes.Empty: // CSM, Pong, signals of tomorrow; RFC 8323 §3.4: empty is ignored
		return true
	case m.Code>>5 != 0: // a response
		c.answer(m)
		return true
	default:
		return c.serve(ctx, m)
	}
}

// serve passes a request to the session, sends its answer, and asks for the local endpoints once the session wants them.
func (c *tcpConn) serve(ctx context.Context, m message.Message) bool {
	r := c.session.Serve(ctx, parseRequest(m.Code, m.Options, m.Payload))
	if c.write(responseMessage(m.Token, r)) != nil || r.Close {
		return false
	}
	if c.session.Discovery() {
		c.asked = newToken()
		return c.write(discovery(c.asked)) == nil
	}
	return true
}

// answer passes on the answer to GET /oic/res; any other response answers nothing that was asked.
func (c *tcpConn) answer(m message.Message) {
	if c.asked == nil || string(m.Token) != string(c.asked) {
		return
	}
	c.asked = nil
	if format, err := m.Options.ContentFormat(); err == nil && m.Code == codes.Content {
		c.session.Answer(uint16(format), m.Payload)
	}
}

// write sends one message in one Write, and so in one TLS record: a second one in a record is never read by the device.
func (c *tcpConn) write(m message.Message) error {
	buf, _ := buffers.Get().(*[]byte)
	defer buffers.Put(buf)
	data, err := appendMessage((*buf)[:0], m)
	if err != nil {
		c.server.cfg.Log.Error("message cannot be sent", "code", m.Code.String(), "error", err)
		return err
	}
	*buf = data
	_ = c.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
	_, err = c.conn.Write(data)
	return err
}

func newToken() message.Token {
	t := make(message.Token, message.MaxTokenSize)
	_, _ = rand.Read(t) // never fails
	return t
}
