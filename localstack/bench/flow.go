package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// flowTimeout is far over anything that still counts as service: the device itself gives up after 10 s.
const flowTimeout = 30 * time.Second

// worker leads one device at a time through its flow, with buffers of its own.
type worker struct {
	target    string
	dialer    net.Dialer
	discovery []byte // the answer to GET /oic/res, its token to be filled in
	buf       [maxFrame]byte
}

func newWorker(target string) (*worker, error) {
	answer, err := discoveryAnswer()
	return &worker{target: target, discovery: answer}, err
}

// flow is both connections of a device: the time, then the rest. seen is told each answer; it may be nil.
func (w *worker) flow(ctx context.Context, d *device, seen func(answer []byte)) error {
	for _, requests := range [][]request{d.requests[:1], d.requests[1:]} {
		conn, err := w.connect(ctx, d)
		if err != nil {
			return err
		}
		for i := range requests {
			if err = w.ask(conn, &requests[i], seen); err != nil {
				break
			}
		}
		if e := conn.Close(); err == nil && e != nil {
			err = fmt.Errorf("close: %w", e)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// connect opens a connection and completes its handshake.
func (w *worker) connect(ctx context.Context, d *device) (*tls.Conn, error) {
	raw, err := w.dialer.DialContext(ctx, "tcp", w.target)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	if err := raw.SetDeadline(time.Now().Add(flowTimeout)); err != nil {
		return nil, err
	}
	conn := tls.Client(raw, d.tls)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		return nil, fmt.Errorf("handshake: %w", err)
	}
	return conn, nil
}

// ask sends a request and awaits its answer; on the way it answers what the service asks, and skips signals.
func (w *worker) ask(conn *tls.Conn, q *request, seen func([]byte)) error {
	if _, err := conn.Write(q.raw); err != nil {
		return fmt.Errorf("%s: %w", q.step, err)
	}
	for {
		f, err := w.read(conn)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", q.step, err)
		case f.code == codes.GET:
			if err := w.answer(conn, f.token); err != nil {
				return fmt.Errorf("answer to discovery: %w", err)
			}
		case f.code>>5 == 7: // RFC 8323 §5: signals
		case !bytes.Equal(f.token, q.token):
			return fmt.Errorf("%s: answer %s has a token nobody sent", q.step, f.code)
		case f.code != q.want:
			return fmt.Errorf("%s: answered %s, want %s", q.step, f.code, q.want)
		default:
			if seen != nil {
				seen(bytes.Clone(f.raw))
			}
			return nil
		}
	}
}

func (w *worker) read(conn *tls.Conn) (frame, error) {
	if _, err := conn.Read(w.buf[:1]); err != nil {
		return frame{}, err
	}
	return readFrame(conn, w.buf[0], w.buf[:])
}

func (w *worker) answer(conn *tls.Conn, token []byte) error {
	at := tokenOffset(w.discovery)
	if copy(w.discovery[at:at+8], token) != 8 {
		return fmt.Errorf("token has %d bytes, want 8", len(token))
	}
	_, err := conn.Write(w.discovery)
	return err
}
