package coapserver

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/tcp/coder"
	"go.uber.org/goleak"

	"dps/shared/ocf"
	"dps/shared/pki"
	"dps/shared/telemetry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// world is a server with a fake behind it, and the certificates around it.
type world struct {
	*Server
	service, maker, leaf *pki.Pair
	counters             *telemetry.Counters
	judge                atomic.Pointer[func(Peer) (Session, error)]
	admits               atomic.Int64
	stop                 func() error
}

func (w *world) Admit(_ context.Context, p Peer) (Session, error) {
	w.admits.Add(1)
	return (*w.judge.Load())(p)
}

// admit changes who gets in from now on.
func (w *world) admit(judge func(Peer) (Session, error)) { w.judge.Store(&judge) }

// newWorld starts a server whose sessions answer by serve.
func newWorld(t testing.TB, serve func(Request) Response, change func(*Config)) *world {
	t.Helper()
	w := &world{counters: new(telemetry.Counters)}
	var err error
	w.service, err = pki.NewRoot("service")
	must(t, err)
	w.maker, err = pki.NewRoot("maker")
	must(t, err)
	w.leaf, err = w.maker.NewLeaf("device")
	must(t, err)
	server, err := w.service.NewLeaf("server")
	must(t, err)
	certificate := server.TLS()
	w.admit(func(Peer) (Session, error) { return &fake{serve: serve}, nil })
	cfg := Config{
		Address: "127.0.0.1:0", Protocols: []string{"tcp", "udp"}, MaxMessageSize: 262144, MessagePoolSize: 16, InactivityTimeout: time.Minute,
		BlockwiseEnabled: true, BlockwiseSize: 1024, Certificate: func() (*tls.Certificate, error) { return &certificate, nil },
		Admitter: w, Log: telemetry.Discard(), Count: w.counters.Add,
	}
	if change != nil {
		change(&cfg)
	}
	w.Server, err = Listen(t.Context(), cfg)
	must(t, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- w.Serve(ctx, 5*time.Second) }()
	var once sync.Once
	var result error
	w.stop = func() error {
		once.Do(func() { cancel(); result = <-done })
		return result
	}
	t.Cleanup(func() { _ = w.stop() })
	return w
}

// fake is a session whose answers the test makes.
type fake struct {
	serve    func(Request) Response
	discover bool
	opened   atomic.Int64
	answers  chan string
}

func (f *fake) Opened()                                     { f.opened.Add(1) }
func (f *fake) Serve(_ context.Context, r Request) Response { return f.serve(r) }
func (f *fake) Discovery() bool                             { d := f.discover; f.discover = false; return d }
func (f *fake) Answer(format uint16, body []byte) {
	if f.answers != nil && format == ocf.FormatOCFCBOR {
		f.answers <- string(body)
	}
}

func echo(r Request) Response {
	if r.Fault != 0 {
		return Response{Code: r.Fault}
	}
	return Response{Code: codes.Content, Format: r.Accept, Body: []byte(r.Path)}
}

// deviceEnd is a device's end, which sees records.
type deviceEnd struct {
	t testing.TB
	*tls.Conn
}

func (w *world) config() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{w.leaf.TLS()}, RootCAs: w.service.Pool(), ServerName: "server", MaxVersion: tls.VersionTLS12,
		InsecureSkipVerify: true, // the device does not check host names
	}
}

// dial connects and takes the CSM.
func (w *world) dial(t testing.TB, change func(*tls.Config)) *deviceEnd {
	t.Helper()
	cfg := w.config()
	if change != nil {
		change(cfg)
	}
	conn, err := tls.Dial("tcp", w.Addr("tcp").String(), cfg)
	must(t, err)
	c := &deviceEnd{t: t, Conn: conn}
	t.Cleanup(func() { _ = conn.Close() })
	must(t, conn.SetDeadline(time.Now().Add(20*time.Second)))
	if m := c.next(); m.Code != codes.CSM {
		t.Fatalf("the first message is %s", m.Code)
	}
	return c
}

// next reads one TLS record, which must hold exactly one message of at least six bytes.
func (c *deviceEnd) next() message.Message {
	c.t.Helper()
	m, err := c.read()
	must(c.t, err)
	return m
}

func (c *deviceEnd) read() (message.Message, error) {
	buf := make([]byte, 16<<10)
	n, err := c.Read(buf)     // crypto/tls never gives more than one record at once
	if n == 0 && err != nil { // data may come together with the close behind it
		return message.Message{}, err
	}
	if n < 6 {
		c.t.Fatalf("a message of %d bytes: % x", n, buf[:n])
	}
	m := message.Message{Options: make(message.Options, 0, 32)}
	used, err := coder.DefaultCoder.Decode(buf[:n], &m)
	if err != nil || used != n {
		c.t.Fatalf("record % x: %d of %d bytes are one message, %v", buf[:n], used, n, err)
	}
	return m, nil
}

// closed waits for the server to close the connection.
func (c *deviceEnd) closed() {
	c.t.Helper()
	for {
		if _, err := c.read(); err != nil {
			var timeout net.Error
			if errors.As(err, &timeout) && timeout.Timeout() {
				c.t.Fatal("the server keeps the connection")
			}
			return
		}
	}
}

func (c *deviceEnd) send(b []byte) {
	c.t.Helper()
	_, err := c.Write(b)
	must(c.t, err)
}

// request encodes a request; extra options come behind the path's.
func request(t testing.TB, code codes.Code, token string, path string, payload []byte, extra ...message.Option) []byte {
	t.Helper()
	m := message.Message{Code: code, Payload: payload}
	if token != "" {
		m.Token = message.Token(token)
	}
	m.Options = make(message.Options, 0, 16)
	opts, _, err := m.Options.SetPath(make([]byte, 512), path)
	must(t, err)
	for _, o := range extra {
		opts = opts.Add(o)
	}
	m.Options = opts
	size, err := coder.DefaultCoder.Size(m)
	must(t, err)
	b := make([]byte, size)
	n, err := coder.DefaultCoder.Encode(m, b)
	must(t, err)
	return b[:n]
}

// served proves that the server still serves others.
func (w *world) served(t testing.TB) {
	t.Helper()
	c := w.dial(t, nil)
	c.send(request(t, codes.GET, "12345678", "/still/here", nil))
	if m := c.next(); m.Code != codes.Content || string(m.Payload) != "/still/here" {
		t.Errorf("another peer gets %s %q", m.Code, m.Payload)
	}
	_ = c.Close()
}
