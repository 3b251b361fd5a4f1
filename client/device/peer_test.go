package device_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/tcp/coder"
)

// peer is a scripted provisioning service over TCP. It answers right, unless its script says otherwise.
type peer struct {
	world *world
	// script changes the right answer to a request; nil: no change.
	script func(q received, right answer) answer
	// greeting are records sent right after the handshake.
	greeting [][]byte
	// tls changes the server's configuration.
	tls func(*tls.Config)

	mu       sync.Mutex
	requests []received
	conns    int
	others   []message.Message // what came that was no request: answers to the peer's own
}

// change changes the script of a peer that listens already.
func (p *peer) change(f func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	f()
}

// listen serves on a port of its own until the test ends.
func (p *peer) listen(t *testing.T) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() { p.serve(conn) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
	return l.Addr().String()
}

// serve answers one connection until the device closes it.
func (p *peer) serve(raw net.Conn) {
	defer func() { _ = raw.Close() }()
	cfg := &tls.Config{Certificates: []tls.Certificate{p.world.server.TLS()}, ClientAuth: tls.RequireAnyClientCert,
		DynamicRecordSizingDisabled: true} // so that a test has the say over records
	p.mu.Lock()
	configure, greeting := p.tls, p.greeting
	p.mu.Unlock()
	if configure != nil {
		configure(cfg)
	}
	conn := tls.Server(raw, cfg)
	if conn.HandshakeContext(context.Background()) != nil {
		return
	}
	p.mu.Lock()
	p.conns++
	p.mu.Unlock()
	for _, record := range greeting {
		_, _ = conn.Write(record)
	}
	for {
		msg, raw, err := readMessage(conn)
		if err != nil || !p.handle(conn, msg, raw) {
			return
		}
	}
}

// handle answers one message and tells whether to go on.
func (p *peer) handle(conn io.Writer, msg message.Message, raw []byte) bool {
	path, err := msg.Options.Path()
	if msg.Code > 4 || err != nil {
		p.mu.Lock()
		p.others = append(p.others, msg)
		p.mu.Unlock()
		return true
	}
	a := p.answer(received{raw: raw, path: path, payload: msg.Payload})
	if a.hangUp || a.silent {
		return !a.hangUp
	}
	for _, record := range a.wire(msg.Token) {
		if _, err := conn.Write(record); err != nil {
			return false
		}
	}
	return true
}

func (p *peer) answer(q received) answer {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.requests = append(p.requests, q)
	a, ok := p.world.right(q)
	if !ok {
		panic("no step asks for " + q.path)
	}
	if p.script != nil {
		a = p.script(q, a)
	}
	return a
}

// got gives the requests so far and the number of connections.
func (p *peer) got() ([]received, int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]received(nil), p.requests...), p.conns
}

// readMessage reads one whole message of the device.
func readMessage(r io.Reader) (message.Message, []byte, error) {
	var data []byte
	one := make([]byte, 1)
	for {
		if _, err := io.ReadFull(r, one); err != nil {
			return message.Message{}, nil, err
		}
		data = append(data, one[0])
		m := message.Message{Options: make(message.Options, 0, 32)}
		n, err := coder.DefaultCoder.Decode(data, &m)
		if err == nil && n == len(data) {
			return m, data, nil
		}
		if err != nil && !errors.Is(err, message.ErrShortRead) {
			return m, nil, err
		}
	}
}
