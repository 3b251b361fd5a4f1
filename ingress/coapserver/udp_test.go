package coapserver

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	coapdtls "github.com/plgd-dev/go-coap/v3/dtls"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/mux"
	"github.com/plgd-dev/go-coap/v3/net/blockwise"
	"github.com/plgd-dev/go-coap/v3/options"
	"github.com/plgd-dev/go-coap/v3/pkg/runner/periodic"
	"github.com/plgd-dev/go-coap/v3/udp"
	udpclient "github.com/plgd-dev/go-coap/v3/udp/client"

	"dps/shared/ocf"
)

// dialUDP connects as the library's client does; handle answers what the server asks.
func (w *world) dialUDP(t *testing.T, certificate tls.Certificate, handle mux.HandlerFunc, more ...udp.Option) (*udpclient.Conn, error) {
	t.Helper()
	if handle == nil {
		handle = func(mux.ResponseWriter, *mux.Message) {}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
	t.Cleanup(cancel)
	conn, err := coapdtls.Dial(w.Addr("udp").String(), coapdtls.NewDTLSClientOptions(
		dtls.WithCertificates(certificate), dtls.WithRootCAs(w.service.Pool()), dtls.WithInsecureSkipVerify(true),
		dtls.WithExtendedMasterSecret(dtls.RequireExtendedMasterSecret),
	), append([]udp.Option{
		options.WithMux(handle), options.WithContext(ctx), options.WithBlockwise(true, blockwise.SZX1024, 5*time.Second),
		options.WithPeriodicRunner(periodic.New(ctx.Done(), time.Second)),
	}, more...)...)
	if err == nil {
		t.Cleanup(func() { _ = conn.Close(); <-conn.Done() })
	}
	return conn, err
}

func TestUDP(t *testing.T) {
	asked := make(chan []byte, 10)
	w := newWorld(t, func(r Request) Response {
		asked <- bytes.Clone(r.Body)
		if r.Path == "/error" {
			return Response{Code: codes.ServiceUnavailable, MaxAge: 3, Body: []byte("never sent")}
		}
		return Response{Code: codes.Changed, Format: ocf.FormatOCFCBOR, Body: bytes.Repeat([]byte("x"), 5000)}
	}, nil)
	conn, err := w.dialUDP(t, w.leaf.TLS(), nil)
	must(t, err)
	version := uintOption(message.OptionID(ocf.OptionAcceptVersion), ocf.Version1)
	body := bytes.Repeat([]byte("y"), 3000) // both ways need blocks
	resp, err := conn.Post(t.Context(), "/x", message.AppOcfCbor, bytes.NewReader(body), version)
	must(t, err)
	got, err := resp.ReadBody()
	must(t, err)
	if n := len(asked); resp.Code() != codes.Changed || len(got) != 5000 || n != 1 || !bytes.Equal(<-asked, body) {
		t.Errorf("%s with %d bytes; the session was asked %d times", resp.Code(), len(got), n)
	}
	resp, err = conn.Post(t.Context(), "/error", message.AppOcfCbor, bytes.NewReader([]byte("z")))
	must(t, err)
	age, err := resp.Options().GetUint32(message.MaxAge)
	if resp.Code() != codes.ServiceUnavailable || resp.Body() != nil || err != nil || age != 3 {
		t.Errorf("an error arrives as %s, body %v, Max-Age %d", resp.Code(), resp.Body(), age)
	}
}

// TestUDPStrayBlock: what continues a transfer that is over is no request of its own: the session never hears of it.
func TestUDPStrayBlock(t *testing.T) {
	asked := make(chan string, 10)
	w := newWorld(t, func(r Request) Response { asked <- r.Path; return echo(r) }, nil)
	conn, err := w.dialUDP(t, w.leaf.TLS(), nil, options.WithBlockwise(false, blockwise.SZX1024, 0))
	must(t, err)
	for _, option := range []message.OptionID{message.Block1, message.Block2} {
		resp, err := conn.Get(t.Context(), "/stray", uintOption(option, 1<<4|6)) // number 1, no more, 1024 bytes
		must(t, err)
		if resp.Code() != codes.RequestEntityIncomplete {
			t.Errorf("option %d is answered with %s", option, resp.Code())
		}
	}
	resp, err := conn.Get(t.Context(), "/x")
	must(t, err)
	if n := len(asked); n != 1 || <-asked != "/x" {
		t.Errorf("the session was asked %d times; the last answer was %s", n, resp.Code())
	}
}

func TestUDPDiscovery(t *testing.T) {
	f := &fake{serve: echo, discover: true, answers: make(chan string, 1)}
	w := newWorld(t, echo, nil)
	w.admit(func(Peer) (Session, error) { return f, nil })
	conn, err := w.dialUDP(t, w.leaf.TLS(), func(rw mux.ResponseWriter, r *mux.Message) {
		path, _ := r.Path()
		_ = rw.SetResponse(codes.Content, message.AppOcfCbor, strings.NewReader("endpoints of "+path))
	})
	must(t, err)
	_, err = conn.Get(t.Context(), "/x")
	must(t, err)
	select {
	case got := <-f.answers:
		if got != "endpoints of /oic/res" {
			t.Errorf("the session is told %q", got)
		}
	case <-time.After(10 * time.Second):
		t.Error("the answer never comes")
	}
}

func TestUDPRefusedAndHanging(t *testing.T) {
	w := newWorld(t, echo, func(c *Config) { c.HandshakeTimeout, c.MaxHalfOpen = time.Second, 8 })
	var let atomic.Bool
	w.admit(func(Peer) (Session, error) {
		if !let.Load() {
			return nil, errors.New("not you")
		}
		return &fake{serve: echo}, nil
	})
	if conn, err := w.dialUDP(t, w.leaf.TLS(), nil); err == nil { // the handshake comes with the first request
		if _, err := conn.Get(t.Context(), "/x"); err == nil {
			t.Error("a refused peer is served")
		}
	}
	let.Store(true)
	stranger, err := net.Dial("udp", w.Addr("udp").String())
	must(t, err)
	defer func() { _ = stranger.Close() }()
	for _, garbage := range [][]byte{{}, {0x16}, bytes.Repeat([]byte{0xff}, 1400), append([]byte{0x16, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 200}, bytes.Repeat([]byte{1}, 200)...)} {
		_, _ = stranger.Write(garbage)
	}
	conn, err := w.dialUDP(t, w.leaf.TLS(), nil)
	must(t, err)
	resp, err := conn.Get(t.Context(), "/x")
	must(t, err)
	if resp.Code() != codes.Content {
		t.Errorf("got %s", resp.Code())
	}
}

func TestUDPDrain(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	w := newWorld(t, func(r Request) Response { close(entered); <-release; return echo(r) }, nil)
	conn, err := w.dialUDP(t, w.leaf.TLS(), nil)
	must(t, err)
	result := make(chan error, 1)
	go func() { _, err := conn.Get(context.WithoutCancel(t.Context()), "/x"); result <- err }()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- w.stop() }()
	close(release)
	must(t, <-result)
	must(t, <-stopped)
}

func TestIsClientHello(t *testing.T) {
	hello := append([]byte{22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 1)
	for name, c := range map[string]struct {
		datagram []byte
		want     bool
	}{
		"hello":            {hello, true},
		"empty":            {nil, false},
		"header alone":     {hello[:13], false},
		"application data": {append([]byte{23}, hello[1:]...), false},
		"TLS":              {append([]byte{22, 3}, hello[2:]...), false},
		"epoch 1":          {append(append([]byte{}, hello[:4]...), append([]byte{1}, hello[5:]...)...), false},
		"server hello":     {append(append([]byte{}, hello[:13]...), 2), false},
	} {
		if got := isClientHello(c.datagram); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
