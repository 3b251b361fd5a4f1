package coapserver

import (
	"bytes"
	"context"
	"crypto"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/pki"
)

func TestMalformedMessagesCloseTheirConnectionAlone(t *testing.T) {
	w := newWorld(t, echo, nil)
	tooMany := message.Message{Code: codes.GET, Token: message.Token("12345678")}
	for range maxOptions + 1 {
		tooMany.Options = append(tooMany.Options, message.Option{ID: message.URIQuery, Value: []byte("a")})
	}
	many, err := appendMessage(nil, tooMany)
	must(t, err)
	for name, bytes := range map[string][]byte{
		"token length 15":         {0x0f, 0x01},
		"token length 9":          append([]byte{0x09, 0x01}, "123456789"...),
		"reserved option nibble":  {0x10, 0x01, 0xf0},
		"option cut short":        {0x20, 0x01, 0xb9, 'x'},
		"payload marker, nothing": {0x10, 0x01, 0xff},
		"too many options":        many,
		"announces 4 GiB":         {0xf0, 0xff, 0xff, 0xff, 0xff, 0x01},
		"announces 1 MiB":         {0xf8, 0x00, 0x0e, 0xff, 0x00, 0x01},
		"release":                 {0x00, byte(codes.Release)},
		"abort":                   {0x00, byte(codes.Abort)},
	} {
		t.Run(name, func(t *testing.T) {
			c := w.dial(t, nil)
			c.send(bytes)
			if name == "payload marker, nothing" { // tolerated: an empty payload
				if m := c.next(); m.Code != codes.Content {
					t.Errorf("got %s", m.Code)
				}
				return
			}
			c.closed()
			w.served(t)
		})
	}
}

func TestSignalsAreSwallowed(t *testing.T) {
	w := newWorld(t, echo, nil)
	c := w.dial(t, nil)
	for _, m := range [][]byte{
		{0x00, byte(codes.CSM)}, {0x00, 0x00}, {0x00, byte(codes.Pong)}, {0x00, 0xe9 + 4}, {0x00, byte(codes.Content)},
	} {
		c.send(m)
	}
	c.send(request(t, codes.GET, "12345678", "/x", nil))
	if m := c.next(); string(m.Payload) != "/x" {
		t.Errorf("got %s %q", m.Code, m.Payload)
	}
}

// TestOneMegabyte is refused by its announcement, before it is read.
func TestOneMegabyte(t *testing.T) {
	w := newWorld(t, echo, nil)
	c := w.dial(t, nil)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c.send([]byte{0xf0, 0x00, 0x0e, 0xff, 0x00, 0x02})
	go func() { _, _ = io.Copy(c.Conn, bytes.NewReader(make([]byte, 1<<20))) }()
	c.closed()
	runtime.ReadMemStats(&after)
	if w.counters.Get("message_refused", "too_large") != 1 {
		t.Error("it is not counted")
	}
	w.served(t)
}

// TestStrangersHanging: more half-open handshakes than there is room for, none of which says a word, and a device still
// gets in. The oldest go first.
func TestStrangersHanging(t *testing.T) {
	const room = 16
	w := newWorld(t, echo, func(c *Config) { c.MaxHalfOpen = room })
	var strangers []net.Conn
	for i := range 3 * room {
		conn, err := net.Dial("tcp", w.Addr("tcp").String())
		must(t, err)
		defer func() { _ = conn.Close() }()
		if i%2 == 0 {
			_, err = conn.Write([]byte{0x16, 0x03, 0x01, 0x02, 0x00, 0x01}) // a hello that is never finished
			must(t, err)
		}
		strangers = append(strangers, conn)
	}
	w.served(t)
	must(t, strangers[0].SetReadDeadline(time.Now().Add(10*time.Second)))
	if _, err := strangers[0].Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the oldest stranger is kept: %v", err)
	}
	if _, handshaking, evicted := w.Connections(); handshaking > room || evicted == 0 {
		t.Errorf("%d handshakes are under way, %d were ended", handshaking, evicted)
	}
}

// TestGarbageInsteadOfTLS, and a handshake that is never finished: both end by the server's deadline at the latest.
func TestGarbageInsteadOfTLS(t *testing.T) {
	w := newWorld(t, echo, func(c *Config) { c.HandshakeTimeout = 500 * time.Millisecond })
	for _, garbage := range []string{"GET / HTTP/1.1\r\n\r\n", "\x00\xe1", strings.Repeat("\xff", 10000)} {
		conn, err := net.Dial("tcp", w.Addr("tcp").String())
		must(t, err)
		_, _ = conn.Write([]byte(garbage))
		must(t, conn.SetReadDeadline(time.Now().Add(10*time.Second)))
		_, err = io.Copy(io.Discard, conn)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			t.Error("the server keeps talking to garbage")
		}
		_ = conn.Close()
	}
	w.served(t)
}

// TestEndlessCertificates: the handshake's bytes are bounded before any certificate is parsed.
func TestEndlessCertificates(t *testing.T) {
	w := newWorld(t, echo, nil)
	huge := w.leaf.TLS()
	for range 200 {
		huge.Certificate = append(huge.Certificate, w.maker.Certificate.Raw)
	}
	_, err := tls.Dial("tcp", w.Addr("tcp").String(), func() *tls.Config { c := w.config(); c.Certificates = []tls.Certificate{huge}; return c }())
	if err == nil {
		t.Error("a hundred kilobytes of certificates got in")
	}
	if w.admits.Load() != 0 {
		t.Error("the admitter was asked")
	}
	w.served(t)
}

// TestMaxConnections: one too many is turned away, and there is room again when one leaves.
func TestMaxConnections(t *testing.T) {
	w := newWorld(t, echo, func(c *Config) { c.MaxConnections = 3 })
	var conns []*deviceEnd
	for range 3 {
		conns = append(conns, w.dial(t, nil))
	}
	if conn, err := tls.Dial("tcp", w.Addr("tcp").String(), w.config()); err == nil {
		_, err = conn.Read(make([]byte, 1))
		_ = conn.Close()
		if err == nil {
			t.Error("a fourth connection is served")
		}
	}
	_ = conns[0].Close()
	waitFor(t, func() bool { open, _, _ := w.Connections(); return open < 3 })
	w.served(t)
}

// TestSlowPeers: silence after a connection, and in the middle of a message.
func TestSlowPeers(t *testing.T) {
	w := newWorld(t, echo, func(c *Config) {
		c.InactivityTimeout, c.MessageTimeout = 500*time.Millisecond, 500*time.Millisecond
	})
	silent, half := w.dial(t, nil), w.dial(t, nil)
	half.send([]byte{0xd8})
	w.served(t) // while the half message is still waited for
	silent.closed()
	half.closed()
}

// TestAdmitterRefuses: with a TLS alert, in both versions.
func TestAdmitterRefuses(t *testing.T) {
	w := newWorld(t, echo, nil)
	w.admit(func(Peer) (Session, error) { return nil, errors.New("not you") })
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		cfg := w.config()
		cfg.MinVersion, cfg.MaxVersion = version, version
		conn, err := tls.Dial("tcp", w.Addr("tcp").String(), cfg)
		if err == nil {
			_, err = conn.Read(make([]byte, 1))
			_ = conn.Close()
		}
		if err == nil || !strings.Contains(err.Error(), "bad certificate") {
			t.Errorf("%s: %v", tls.VersionName(version), err)
		}
	}
}

func TestWithoutCertificate(t *testing.T) {
	w := newWorld(t, echo, nil)
	cfg := w.config()
	cfg.Certificates = nil
	if conn, err := tls.Dial("tcp", w.Addr("tcp").String(), cfg); err == nil {
		_ = conn.Close()
		t.Error("a peer without certificate is in")
	}
	if w.admits.Load() != 0 {
		t.Error("the admitter was asked about nobody")
	}
}

// impostor holds a certificate's public key and signs with another one.
type impostor struct {
	crypto.Signer
	public crypto.PublicKey
}

func (i impostor) Public() crypto.PublicKey { return i.public }

// TestStolenCertificate: who presents a device's certificate without holding its key never opens a session.
func TestStolenCertificate(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		f := &fake{serve: echo}
		w := newWorld(t, echo, nil)
		w.admit(func(Peer) (Session, error) { return f, nil })
		other, err := pki.NewKey()
		must(t, err)
		stolen := w.leaf.TLS()
		stolen.PrivateKey = impostor{other, w.leaf.Certificate.PublicKey}
		cfg := w.config()
		cfg.MinVersion, cfg.MaxVersion, cfg.Certificates = version, version, []tls.Certificate{stolen}
		if conn, err := tls.Dial("tcp", w.Addr("tcp").String(), cfg); err == nil {
			_, err = conn.Read(make([]byte, 1))
			_ = conn.Close()
			if err == nil {
				t.Error("the thief is served")
			}
		}
		must(t, w.stop())
		if f.opened.Load() != 0 {
			t.Error("the thief's session was opened")
		}
	}
}

// TestSuitesAndCurves: what devices in the field offer (PROTOCOL §1).
func TestSuitesAndCurves(t *testing.T) {
	w := newWorld(t, echo, nil)
	for _, suite := range []uint16{tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256} {
		for _, curve := range []tls.CurveID{tls.CurveP256, tls.CurveP384} {
			c := w.dial(t, func(c *tls.Config) { c.CipherSuites, c.CurvePreferences = []uint16{suite}, []tls.CurveID{curve} })
			if got := c.ConnectionState().CipherSuite; got != suite {
				t.Errorf("got %s", tls.CipherSuiteName(got))
			}
		}
	}
	for _, version := range []uint16{tls.VersionTLS10, tls.VersionTLS11} {
		cfg := w.config()
		cfg.MinVersion, cfg.MaxVersion = version, version
		if conn, err := tls.Dial("tcp", w.Addr("tcp").String(), cfg); err == nil {
			_ = conn.Close()
			t.Errorf("%s is spoken", tls.VersionName(version))
		}
	}
}

// TestEveryConnectionIsJudged: a client that offers to resume is judged again, by a full handshake.
func TestEveryConnectionIsJudged(t *testing.T) {
	w := newWorld(t, echo, nil)
	cache := tls.NewLRUClientSessionCache(8)
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		for i := range 3 {
			before := w.admits.Load()
			c := w.dial(t, func(c *tls.Config) { c.MinVersion, c.MaxVersion, c.ClientSessionCache = version, version, cache })
			c.send(request(t, codes.GET, "12345678", "/x", nil))
			c.next()
			if c.ConnectionState().DidResume || w.admits.Load() != before+1 {
				t.Errorf("%s, connection %d: resumed %t, judged %d times", tls.VersionName(version), i, c.ConnectionState().DidResume, w.admits.Load()-before)
			}
			_ = c.Close()
		}
	}
}

// TestDrain: the idle are sent away at once, what is in service is answered first, and the hanging are cut off.
func TestDrain(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	w := newWorld(t, func(r Request) Response {
		if r.Path == "/slow" {
			close(entered)
			<-release
		}
		return echo(r)
	}, nil)
	idle, busy := w.dial(t, nil), w.dial(t, nil)
	busy.send(request(t, codes.GET, "12345678", "/slow", nil))
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- w.stop() }()
	idle.closed()
	close(release)
	if m := busy.next(); string(m.Payload) != "/slow" {
		t.Errorf("the request in service gets %s", m.Code)
	}
	busy.closed()
	must(t, <-stopped)
	if _, err := net.Dial("tcp", w.Addr("tcp").String()); err == nil {
		t.Error("the server still accepts")
	}
}

// TestNothingStays: a thousand connections leave nothing behind.
func TestNothingStays(t *testing.T) {
	w := newWorld(t, echo, nil)
	for range 300 {
		c := w.dial(t, nil)
		c.send(request(t, codes.GET, "12345678", "/x", nil))
		c.next()
		must(t, c.Close())
	}
	waitFor(t, func() bool { open, handshaking, _ := w.Connections(); return open == 0 && handshaking == 0 })
}

func waitFor(t *testing.T, done func() bool) {
	t.Helper()
	deadline := time.NewTimer(15 * time.Second)
	defer deadline.Stop()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-deadline.C:
			t.Fatal("it never happens")
		case <-tick.C:
		}
	}
}

// TestPeerIsWhatWasPresented: leaf first, then what came with it.
func TestPeerIsWhatWasPresented(t *testing.T) {
	w := newWorld(t, echo, nil)
	factory, err := w.maker.NewIntermediate("factory")
	must(t, err)
	leaf, err := factory.NewLeaf("device-7")
	must(t, err)
	seen := make(chan []*x509.Certificate, 1)
	w.admit(func(p Peer) (Session, error) { seen <- p.Certificates; return &fake{serve: echo}, nil })
	w.dial(t, func(c *tls.Config) { c.Certificates = []tls.Certificate{leaf.TLS()} })
	if chain := <-seen; len(chain) != 2 || chain[0].Subject.CommonName != "device-7" || chain[1].Subject.CommonName != "factory" {
		t.Errorf("the admitter sees %d certificates", len(chain))
	}
}
