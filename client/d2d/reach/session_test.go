package reach_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/client/d2d/reach"
	"dps/client/device/local"
	"dps/shared/coapstream"
	"dps/shared/dps"
	"dps/shared/ocf"
)

func TestSessionsAreKept(t *testing.T) {
	for name, only := range map[string]local.Config{"TCP": {NoUDP: true}, "UDP": {NoTCP: true}} {
		t.Run(name, func(t *testing.T) {
			d, heard := newDomain(t), make(notes, 1000)
			p := d.provisioned(t)
			only.Provisioned, only.Log = p, slog.New(heard)
			s := run(t, only)
			var mu sync.Mutex
			creds := d.byCertificate(t)
			c := must(reach.New(reach.Options{Credentials: func() (reach.Credentials, error) {
				mu.Lock()
				defer mu.Unlock()
				return creds, nil
			}}))(t)
			t.Cleanup(c.Close)
			discover(t, c, clearAddress(t, s))
			read := func() error { _, err := c.Read(t.Context(), p.DeviceID, "/light/1", ""); return err }
			var all sync.WaitGroup
			for range 8 {
				all.Go(func() {
					if err := read(); err != nil {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if got := s.Status().Sessions; got != 1 || c.Sessions() != 1 {
				t.Errorf("eight reads opened %d sessions, and %d are kept", got, c.Sessions())
			}
			c.Sweep()
			heard.wait(t, "session ended")
			if c.Sessions() != 0 {
				t.Error("an idle session is kept")
			}
			if err := read(); err != nil {
				t.Errorf("after the session was idle: %v", err)
			}
			mu.Lock()
			creds = newDomain(t).byCertificate(t)
			mu.Unlock()
			wantError(t, read(), dps.CodeDenied, reach.ReasonNotOurs) // the old one's session must not serve the new one
			c.Close()
			wantError(t, read(), dps.CodeUnavailable, reach.ReasonClosed)
		})
	}
}

func TestSessionsAreBounded(t *testing.T) {
	d := newDomain(t)
	c := client(t, d.byCertificate(t), func(o *reach.Options) { o.MaxSessions = 2 })
	for range 5 {
		p := d.provisioned(t)
		discover(t, c, clearAddress(t, run(t, local.Config{Provisioned: p})))
		if _, err := c.Read(t.Context(), p.DeviceID, "/light/1", ""); err != nil {
			t.Fatal(err)
		}
		if c.Sessions() > 2 {
			t.Fatalf("%d sessions are kept, at most 2 are wanted", c.Sessions())
		}
	}
}

// TestDeviceRestarts: a session that the device has dropped is opened again.
func TestDeviceRestarts(t *testing.T) {
	d := newDomain(t)
	p := d.provisioned(t)
	cfg := local.Config{Provisioned: p, Host: "127.0.0.1", Manufacturer: newMaker(t).certificate(t), NoUDP: true}
	s := must(local.New(cfg))(t)
	ended := make(chan struct{})
	go func() { defer close(ended); _ = s.Run(context.Background()) }()
	at := clearAddress(t, s)
	c := client(t, d.byCertificate(t))
	discover(t, c, at)
	if _, err := c.Read(t.Context(), p.DeviceID, "/light/1", ""); err != nil {
		t.Fatal(err)
	}
	s.Close()
	<-ended
	_, err := c.Read(t.Context(), p.DeviceID, "/light/1", "")
	wantError(t, err, dps.CodeUnavailable, reach.ReasonNoAnswer)
	discover(t, c, clearAddress(t, run(t, cfg))) // at another port
	if _, err := c.Read(t.Context(), p.DeviceID, "/light/1", ""); err != nil {
		t.Error(err)
	}
}

// TestGroupKey: under a key that several devices hold, one cannot pass for another.
func TestGroupKey(t *testing.T) {
	d := newDomain(t)
	p, victim := d.provisioned(t), dps.NewUUID()
	s := run(t, local.Config{Provisioned: p})
	liar := answering(t, func(m message.Message) (codes.Code, any) {
		return codes.Content, []ocf.Link{{Anchor: ocf.AnchorScheme + victim, Href: "/oic/d", ResourceTypes: []string{"oic.wk.d"},
			Endpoints: []ocf.LinkEndpoint{{URI: "coaps://" + secureAddress(t, s)}}}}
	})
	c := client(t, d.byKey())
	discover(t, c, liar)
	_, err := c.Read(t.Context(), victim, "/light/1", "")
	wantError(t, err, dps.CodeDenied, reach.ReasonImpostor)
}

// hostile serves TLS with a device's own certificate, and then a script.
func hostile(t *testing.T, certificate *tls.Certificate, script func(net.Conn)) string {
	t.Helper()
	l := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			all.Go(func() {
				defer func() { _ = raw.Close() }()
				if certificate == nil {
					script(raw)
					return
				}
				conn := tls.Server(raw, &tls.Config{Certificates: []tls.Certificate{*certificate}, ClientAuth: tls.RequireAnyClientCert})
				if conn.HandshakeContext(context.Background()) == nil {
					script(conn)
				}
			})
		}
	})
	t.Cleanup(func() { _ = l.Close(); all.Wait() })
	return l.Addr().String()
}

func TestHostileDevices(t *testing.T) {
	drain := func(c net.Conn) { _, _ = io.Copy(io.Discard, c) }
	reply := func(body []byte) func(net.Conn) {
		return func(c net.Conn) {
			m, err := coapstream.Read(c, 1<<20)
			for err == nil {
				data, _ := coapstream.Encode(message.Message{Code: codes.Content, Token: m.Token, Payload: body,
					Options: message.Options{{ID: message.ContentFormat, Value: []byte{0x27, 0x10}}}})
				if _, err = c.Write(data); err == nil {
					m, err = coapstream.Read(c, 1<<20)
				}
			}
		}
	}
	for name, h := range map[string]struct {
		plain  bool
		script func(net.Conn)
		code   dps.Code
		reason reach.Reason
	}{
		"never shakes hands":        {true, drain, dps.CodeUnavailable, reach.ReasonNoAnswer},
		"garbage for TLS":           {true, func(c net.Conn) { _, _ = c.Write([]byte("SSH-2.0-x\r\n")); drain(c) }, dps.CodeUnavailable, reach.ReasonNoAnswer},
		"never answers":             {false, drain, dps.CodeUnavailable, reach.ReasonNoAnswer},
		"closes":                    {false, func(net.Conn) {}, dps.CodeUnavailable, reach.ReasonNoAnswer},
		"announces 4 GiB":           {false, func(c net.Conn) { _, _ = c.Write([]byte("\xf0\xff\xff\xff\xff\x45")); drain(c) }, dps.CodeInternal, reach.ReasonBadAnswer},
		"reserved lengths":          {false, func(c net.Conn) { _, _ = c.Write([]byte("\x0f\x45")); drain(c) }, dps.CodeInternal, reach.ReasonBadAnswer},
		"stray answers":             {false, func(c net.Conn) { _, _ = c.Write(stray(1000)); drain(c) }, dps.CodeInternal, reach.ReasonBadAnswer},
		"half an answer":            {false, func(c net.Conn) { _, _ = c.Write([]byte("\xd8\xff\x45")); drain(c) }, dps.CodeUnavailable, reach.ReasonNoAnswer},
		"too large an answer":       {false, reply(make([]byte, 200<<10)), dps.CodeInternal, reach.ReasonBadAnswer},
		"an answer of garbage":      {false, reply([]byte("\xff\xff")), dps.CodeInternal, reach.ReasonBadAnswer},
		"deep nesting":              {false, reply(nested(10000)), dps.CodeInternal, reach.ReasonBadAnswer},
		"a key that is twice there": {false, reply([]byte("\xa2\x61a\x01\x61a\x02")), dps.CodeInternal, reach.ReasonBadAnswer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDomain(t)
			p := d.provisioned(t)
			certificate := &p.Identity
			if h.plain {
				certificate = nil
			}
			at := hostile(t, certificate, h.script)
			told := answering(t, func(message.Message) (codes.Code, any) {
				return codes.Content, []ocf.Link{{Anchor: ocf.AnchorScheme + p.DeviceID, Href: "/oic/d", ResourceTypes: []string{"oic.wk.d"},
					Endpoints: []ocf.LinkEndpoint{{URI: "coaps+tcp://" + at}}}}
			})
			c := client(t, d.byCertificate(t), func(o *reach.Options) { o.Timeout = shortly })
			discover(t, c, told)
			_, err := c.Read(t.Context(), p.DeviceID, "/light/1", "")
			wantError(t, err, h.code, h.reason)
		})
	}
}

func stray(n int) (out []byte) {
	for range n {
		data, _ := coapstream.Encode(message.Message{Code: codes.Content, Token: message.Token("nobody's")})
		out = append(out, data...)
	}
	return out
}

func nested(depth int) []byte {
	return append(bytes.Repeat([]byte{0x81}, depth), 0)
}

// TestEndlessBlocks: a device that never ends its block-wise answer is not listened to for ever, and costs no more than the
// bound.
func TestEndlessBlocks(t *testing.T) {
	at := answering(t, func(m message.Message) (codes.Code, any) {
		asked, _ := m.Options.GetUint32(message.Block2)
		value := asked&^15 | 8 | 6
		out := message.Message{Type: message.Acknowledgement, MessageID: m.MessageID, Token: m.Token, Code: codes.Content, Payload: make([]byte, 1024),
			Options: message.Options{{ID: message.ContentFormat, Value: []byte{0x27, 0x10}},
				{ID: message.Block2, Value: []byte{byte(value >> 16), byte(value >> 8), byte(value)}}}}
		return 0, encodeUDP(t, out)
	})
	c := client(t, newDomain(t).byKey(), func(o *reach.Options) { o.MaxAnswer = 8 << 10 })
	if found := must(c.Discover(t.Context(), reach.Query{Addresses: []string{at}, Wait: shortly}))(t); len(found) != 0 {
		t.Errorf("found %+v", found)
	}
}

func TestBadCalls(t *testing.T) {
	d := newDomain(t)
	p := d.provisioned(t)
	s := run(t, local.Config{Provisioned: p})
	c := client(t, d.byCertificate(t))
	discover(t, c, clearAddress(t, s))
	for _, href := range []string{"", "light/1", "/light?x=1", "/a\n", "/" + string(make([]byte, 300))} {
		if _, err := c.Read(t.Context(), p.DeviceID, href, ""); dps.CodeOf(err) != dps.CodeInvalid {
			t.Errorf("href %q: %v", href, err)
		}
	}
	_, err := c.Read(t.Context(), "no-uuid", "/light/1", "")
	wantError(t, err, dps.CodeInvalid, "")
	_, err = c.Read(t.Context(), p.DeviceID, "/nothing/here", "")
	wantError(t, err, dps.CodeNotFound, reach.ReasonRefused)
	for _, v := range []any{map[string]any{"power": 101}, map[string]any{"power": 0.5}, map[string]any{"colour": 1}, 7, nil} {
		_, err = c.Update(t.Context(), p.DeviceID, "/light/1", v)
		wantError(t, err, dps.CodeInvalid, reach.ReasonRefused)
	}
	if _, err := c.Update(t.Context(), p.DeviceID, "/light/1", func() {}); dps.CodeOf(err) != dps.CodeInvalid {
		t.Errorf("a function as value: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := c.Read(ctx, p.DeviceID, "/light/1", ""); !errors.Is(err, context.Canceled) && dps.CodeOf(err) != dps.CodeUnavailable {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := reach.New(reach.Options{}); dps.CodeOf(err) != dps.CodeInvalid {
		t.Errorf("no credentials function: %v", err)
	}
}

func TestDetails(t *testing.T) {
	d := newDomain(t)
	p := d.provisioned(t)
	s := run(t, local.Config{Provisioned: p, Name: "Kitchen"})
	for name, creds := range map[string]reach.Credentials{"key": d.byKey(), "certificate": d.byCertificate(t)} {
		c := client(t, creds)
		discover(t, c, clearAddress(t, s))
		got := must(c.Device(t.Context(), p.DeviceID))(t)
		if got.Name != "Kitchen" || got.ID != p.DeviceID || got.Info.DeviceID != p.DeviceID || got.Platform == nil || got.Ownership != reach.OwnershipOurs {
			t.Errorf("%s: %+v", name, got)
		}
		links := must(c.Resources(t.Context(), p.DeviceID))(t)
		if len(links) != len(got.Links) || len(links) < 10 {
			t.Errorf("%s: %d links, and %d in the details", name, len(links), len(got.Links))
		}
		if all := must(c.Read(t.Context(), p.DeviceID, "/light/1", "if=oic.if.baseline"))(t).Value.(map[string]any); all["rt"] == nil {
			t.Errorf("%s: baseline of the light is %v", name, all)
		}
		if _, err := c.Update(t.Context(), p.DeviceID, "/oc/con", map[string]any{"n": "Kitchen"}); err != nil {
			t.Errorf("%s: the owner may not change the name: %v", name, err)
		}
	}
}

// TestHostileDatagrams: garbage and handshakes that lead nowhere cost the device their time, and nothing more.
func TestHostileDatagrams(t *testing.T) {
	d, heard := newDomain(t), make(notes, 1000)
	p := d.provisioned(t)
	s := run(t, local.Config{Provisioned: p, MaxSessions: 4, HandshakeTimeout: shortly / 2, Log: slog.New(heard)})
	hello := append([]byte{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 50, 1, 0, 0, 38, 0, 0, 0, 0, 0, 0, 38, 0xfe, 0xfd}, make([]byte, 36)...)
	for i := range 12 {
		c := must(net.Dial("udp", secureAddress(t, s)))(t)
		_, _ = c.Write([][]byte{hello, hello[:20], []byte("garbage"), make([]byte, 1400)}[i%4])
		_ = c.Close()
	}
	heard.wait(t, "client is refused")
	c := client(t, d.byKey(), func(o *reach.Options) { o.Timeout = 5 * time.Second })
	discover(t, c, clearAddress(t, s))
	if _, err := c.Read(t.Context(), p.DeviceID, "/light/1", ""); err != nil {
		t.Error(err)
	}
}
