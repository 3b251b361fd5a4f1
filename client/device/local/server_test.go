package local

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/client/device"
	"dps/shared/coapstream"
	"dps/shared/dps"
	"dps/shared/ocf"
	"dps/shared/pki"
)

func TestBadConfig(t *testing.T) {
	good := manufacturer(t)
	for name, c := range map[string]struct {
		change func(*Config)
		say    string
	}{
		"no manufacturer":  {func(c *Config) { c.Manufacturer = tls.Certificate{} }, "Manufacturer"},
		"a host name":      {func(c *Config) { c.Host = "example.com" }, "Host"},
		"no way in":        {func(c *Config) { c.NoTCP, c.NoUDP = true, true }, "NoUDP and NoTCP"},
		"no UUID":          {func(c *Config) { c.DeviceID = "x" }, "DeviceID"},
		"sessions":         {func(c *Config) { c.MaxSessions = -1 }, "MaxSessions"},
		"message":          {func(c *Config) { c.MaxMessage = 10 }, "MaxMessage"},
		"long name":        {func(c *Config) { c.Name = strings.Repeat("x", 100) }, "Name"},
		"owner":            {func(c *Config) { p := owned(); p.Owner = "me"; c.Provisioned = p }, "Provisioned.Owner"},
		"key":              {func(c *Config) { p := owned(); p.PSK.Key = "short"; c.Provisioned = p }, "Provisioned.PSK has 5 bytes"},
		"nobody could use": {func(c *Config) { p := owned(); p.PSK = nil; c.Provisioned = p }, "neither Identity nor PSK"},
	} {
		cfg := good
		c.change(&cfg)
		_, err := New(cfg)
		if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), c.say) {
			t.Errorf("%s: %v, want %q", name, err, c.say)
		}
	}
	cfg := good
	cfg.Multicast = []Group{{Interface: "nonesuch0", Address: ocf.MulticastIPv4}}
	if _, err := New(cfg); dps.CodeOf(err) != dps.CodeUnavailable {
		t.Errorf("an interface that there is not: %v", err)
	}
	d := must(device.New(device.Config{Endpoint: "coaps+tcp://127.0.0.1:1", Manufacturer: good.Manufacturer, ServerRoots: must(pki.NewRoot("x"))(t).Pool()}))(t)
	if _, err := FromDevice(d, nil); dps.CodeOf(err) != dps.CodeInvalid {
		t.Errorf("a device that is not provisioned: %v", err)
	}
}

// TestCloseWithoutRun: the sockets come back.
func TestCloseWithoutRun(t *testing.T) {
	s := must(New(manufacturer(t)))(t)
	s.Close()
	s.Close()
	if err := s.Run(context.Background()); err != nil {
		t.Error(err)
	}
}

// certified is a device that a certificate lets in, and the client's side of that.
func certified(t *testing.T) (Config, *tls.Config) {
	t.Helper()
	ca := must(pki.NewRoot("identities"))(t)
	identity := func(id string) tls.Certificate {
		return must(ca.NewLeaf("uuid:"+id, pki.UnknownEKU(pki.OIDIdentity)))(t).TLS()
	}
	cfg := manufacturer(t)
	p := owned()
	p.Identity, p.Anchors = identity(p.DeviceID), []device.Anchor{{Subject: owner, Certificate: ca.Certificate}}
	cfg.Provisioned = p
	return cfg, &tls.Config{Certificates: []tls.Certificate{identity(owner)}, InsecureSkipVerify: true}
}

func tcpAddress(s *Server) string {
	for _, e := range s.where {
		if e.scheme == ocf.SchemeTCPSecure {
			return e.address
		}
	}
	return ""
}

// talk sends a request over a connection and gives the answer's code.
func talk(t *testing.T, c net.Conn, path string) codes.Code {
	t.Helper()
	data := must(coapstream.Encode(message.Message{Code: codes.GET, Token: message.Token("t"), Options: options(path)}))(t)
	if _, err := c.Write(data); err != nil {
		return 0
	}
	for {
		a, err := coapstream.Read(c, 1<<16)
		if err != nil || a.Code>>5 < 7 {
			return a.Code
		}
	}
}

// TestCertificateExpires: an open session ends with the certificate that it was opened with.
func TestCertificateExpires(t *testing.T) {
	cfg, client := certified(t)
	var mu sync.Mutex
	now := time.Now()
	cfg.Clock = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	s := run(t, cfg)
	c := must(tls.Dial("tcp", tcpAddress(s), client))(t)
	defer func() { _ = c.Close() }()
	if got := talk(t, c, "/light/1"); got != codes.Content {
		t.Fatalf("light: %v", got)
	}
	mu.Lock()
	now = now.Add(2 * 365 * 24 * time.Hour)
	mu.Unlock()
	if got := talk(t, c, "/light/1"); got != codes.Unauthorized {
		t.Errorf("light, with an expired certificate: %v", got)
	}
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("the session goes on: %v", err)
	}
}

// TestHostileStreams: whatever comes, the session ends or goes on, and the next client is served.
func TestHostileStreams(t *testing.T) {
	cfg, client := certified(t)
	cfg.HandshakeTimeout = 300 * time.Millisecond
	s := run(t, cfg)
	for name, data := range map[string][]byte{
		"garbage":            []byte("\x0f\xff\xff\xff"),
		"4 GiB announced":    []byte("\xf0\xff\xff\xff\xff\x01"),
		"half a message":     []byte("\xd0\x20\x01ab"),
		"an abort":           []byte("\x00\xe5"),
		"an answer":          []byte("\x01\x45tt"),
		"a thousand pings":   []byte(strings.Repeat("\x00\xe2", 1000)),
		"a CSM that is huge": append([]byte("\xe0\xff\xff\xe1"), make([]byte, 66000)...),
	} {
		c := must(tls.Dial("tcp", tcpAddress(s), client))(t)
		_, _ = c.Write(data)
		_ = c.SetReadDeadline(time.Now().Add(time.Second))
		_, _ = io.Copy(io.Discard, c)
		_ = c.Close()
		again := must(tls.Dial("tcp", tcpAddress(s), client))(t)
		if got := talk(t, again, "/light/1"); got != codes.Content {
			t.Errorf("after %s: %v", name, got)
		}
		_ = again.Close()
	}
}

// TestSessionsAreBounded: peers that never finish their handshake hold their places for its time alone.
func TestSessionsAreBounded(t *testing.T) {
	cfg, client := certified(t)
	cfg.MaxSessions, cfg.HandshakeTimeout = 3, 500*time.Millisecond
	s := run(t, cfg)
	var silent []net.Conn
	for range 3 {
		silent = append(silent, must(net.Dial("tcp", tcpAddress(s)))(t))
	}
	for _, c := range silent { // the device hangs up
		if _, err := c.Read(make([]byte, 1)); err == nil {
			t.Error("the device spoke first")
		}
		_ = c.Close()
	}
	if got := s.Status().Sessions; got > 3 {
		t.Errorf("%d sessions", got)
	}
	c := must(tls.Dial("tcp", tcpAddress(s), client))(t)
	defer func() { _ = c.Close() }()
	if got := talk(t, c, "/light/1"); got != codes.Content {
		t.Errorf("after they have gone: %v", got)
	}
}

// TestCertificates is the table of whom a device lets in by certificate.
func TestCertificates(t *testing.T) {
	ca, other := must(pki.NewRoot("ours"))(t), must(pki.NewRoot("theirs"))(t)
	middle := must(ca.NewIntermediate("middle"))(t)
	guest := dps.NewUUID()
	st := fresh(dps.NewUUID())
	st.addCredential(anchorCredential(device.Anchor{Subject: owner, Certificate: ca.Certificate}))
	forAll := st.clone()
	forAll.addCredential(anchorCredential(device.Anchor{Subject: ocf.SubjectAny, Certificate: ca.Certificate}))
	identity := pki.UnknownEKU(pki.OIDIdentity)
	past := pki.Validity(time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour))
	for _, c := range []struct {
		name string
		st   *state
		pair *pki.Pair
		in   bool
	}{
		{"the owner", st, must(ca.NewLeaf("uuid:"+owner, identity))(t), true},
		{"the owner, in capitals", st, must(ca.NewLeaf("UUID:"+strings.ToUpper(owner), identity))(t), true},
		{"by an intermediate", st, must(middle.NewLeaf("uuid:"+owner, identity))(t), true},
		{"somebody else of the same authority", st, must(ca.NewLeaf("uuid:"+guest, identity))(t), false},
		{"somebody else, where the anchor vouches for anybody", forAll, must(ca.NewLeaf("uuid:"+guest, identity))(t), true},
		{"another authority", st, must(other.NewLeaf("uuid:"+owner, identity))(t), false},
		{"expired", st, must(ca.NewLeaf("uuid:"+owner, identity, past))(t), false},
		{"no OCF identity", st, must(ca.NewLeaf("uuid:" + owner))(t), false},
		{"no client", st, must(ca.NewLeaf("uuid:"+owner, identity, pki.EKU()))(t), false},
		{"no name", st, must(ca.NewLeaf(owner, identity))(t), false},
		{"another name around it", st, must(ca.NewLeaf("x uuid:"+owner, identity))(t), false},
	} {
		chain := append(append(c.pair.Intermediates[:0:0], c.pair.Certificate), c.pair.Intermediates...)
		p, err := c.st.admitCertificate(chain, time.Now())
		if (err == nil) != c.in || c.in && p.id == "" || !c.in && dps.CodeOf(err) != dps.CodeDenied {
			t.Errorf("%s: %+v, %v; want in %t", c.name, p, err, c.in)
		}
	}
	if _, err := st.admitCertificate(nil, time.Now()); dps.CodeOf(err) != dps.CodeDenied {
		t.Errorf("no certificate: %v", err)
	}
}
