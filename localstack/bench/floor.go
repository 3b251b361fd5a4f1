package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"sync"
)

// floorCipherSuites are those of the service (ingress/coapserver), so that both shake the same hands.
var floorCipherSuites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
	tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256,
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
}

// floor is the least that a server in Go can do for these devices: verify them in the handshake, and answer canned bytes.
// It sends nothing unasked and knows no protocol beyond where a message ends.
type floor struct {
	listener net.Listener
	answers  [][]byte // by the first byte of the request's token
	buffers  sync.Pool
	wg       sync.WaitGroup
}

// floorConfig is the service's TLS configuration, with the standard library's own verification.
func floorConfig(certificate tls.Certificate, manufacturers *x509.CertPool) *tls.Config {
	return &tls.Config{
		MinVersion:             tls.VersionTLS12,
		CipherSuites:           floorCipherSuites,
		Certificates:           []tls.Certificate{certificate},
		ClientAuth:             tls.RequireAndVerifyClientCert,
		ClientCAs:              manufacturers,
		SessionTicketsDisabled: true,
	}
}

func listenFloor(ctx context.Context, config *tls.Config, answers [][]byte) (*floor, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	f := &floor{listener: tls.NewListener(l, config), answers: answers}
	f.buffers.New = func() any { return new([maxFrame]byte) }
	return f, nil
}

// serve accepts until ctx is done, and returns once every connection has been ended by its peer.
func (f *floor) serve(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = f.listener.Close() })
	defer stop()
	defer f.wg.Wait()
	for {
		conn, err := f.listener.Accept()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			return err
		}
		f.wg.Go(func() { f.handle(conn) })
	}
}

// handle answers until the peer leaves or errs; the first read shakes hands.
func (f *floor) handle(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	var first [1]byte
	for {
		if _, err := conn.Read(first[:]); err != nil {
			return
		}
		if f.exchange(conn, first[0]) != nil {
			return
		}
	}
}

// exchange reads a request and writes its canned answer. The buffer is borrowed: an idle connection has none.
func (f *floor) exchange(conn net.Conn, first byte) error {
	buf, _ := f.buffers.Get().(*[maxFrame]byte)
	defer f.buffers.Put(buf)
	q, err := readFrame(conn, first, buf[:])
	if err != nil {
		return err
	}
	if q.code>>5 != 0 {
		return nil
	}
	var token [8]byte
	if copy(token[:], q.token) != len(token) || int(token[0]) >= len(f.answers) {
		return errFrame
	}
	n := copy(buf[:], f.answers[token[0]])
	copy(buf[tokenOffset(buf[:]):], token[:])
	_, err = conn.Write(buf[:n])
	return err
}
