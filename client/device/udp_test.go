package device_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	piondtls "github.com/pion/dtls/v3"
	"github.com/plgd-dev/go-coap/v3/dtls"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/message/pool"
	coapnet "github.com/plgd-dev/go-coap/v3/net"
	"github.com/plgd-dev/go-coap/v3/net/blockwise"
	"github.com/plgd-dev/go-coap/v3/net/responsewriter"
	"github.com/plgd-dev/go-coap/v3/options"
	"github.com/plgd-dev/go-coap/v3/udp/client"

	"dps/client/device"
	"dps/shared/ocf"
	"dps/shared/pki"
)

// udpPeer is the scripted service over DTLS.
type udpPeer struct {
	peer

	refuse bool
	server *pki.Pair // nil: the world's
	// ask makes the service ask the device for a path once, before it answers the ownership; askOptions go with it.
	ask        string
	askOptions message.Options
	// stray makes the service send, before that answer, a block of an answer that nobody asked for.
	stray bool

	asked   sync.WaitGroup
	answers []*pool.Message
}

// listen serves until the test ends.
func (p *udpPeer) listen(t *testing.T) (endpoint string) {
	t.Helper()
	l, err := coapnet.NewDTLSListener("udp", "127.0.0.1:0", coapnet.NewDTLSServerOptions(p.options()...))
	if err != nil {
		t.Fatal(err)
	}
	s := dtls.NewServer(
		options.WithHandlerFunc(p.handleUDP), options.WithErrors(func(error) {}),
		options.WithBlockwise(true, blockwise.SZX1024, 5*time.Second),
		options.WithPeriodicRunner(func(func(time.Time) bool) {}))
	var wg sync.WaitGroup
	wg.Go(func() { _ = s.Serve(l) })
	t.Cleanup(func() {
		s.Stop()
		_ = l.Close()
		wg.Wait()
		p.asked.Wait()
	})
	return "coaps://" + l.Addr().String()
}

func (p *udpPeer) options() []piondtls.ServerOption {
	server := p.world.server
	if p.server != nil {
		server = p.server
	}
	return []piondtls.ServerOption{
		piondtls.WithCertificates(server.TLS()),
		piondtls.WithClientAuth(piondtls.RequireAnyClientCert),
		piondtls.WithVerifyConnection(func(*piondtls.State) error {
			if p.refuse {
				return errors.New("not attested")
			}
			return nil
		}),
	}
}

func (p *udpPeer) handleUDP(w *responsewriter.ResponseWriter[*client.Conn], r *pool.Message) {
	path, err := r.Path()
	if err != nil {
		return
	}
	if path == ocf.PathOwnership && p.ask != "" {
		p.askDevice(w.Conn(), p.ask)
	}
	if path == ocf.PathOwnership && p.stray {
		p.sendStrayBlock(w.Conn())
	}
	payload, _ := r.ReadBody()
	a := p.answer(received{path: path, payload: bytes.Clone(payload)})
	if a.silent {
		return
	}
	out := a.message(r.Token())
	w.Message().SetCode(out.Code)
	w.Message().ResetOptionsTo(out.Options)
	if out.Payload != nil {
		w.Message().SetBody(bytes.NewReader(out.Payload))
	}
}

// sendStrayBlock sends the first of two blocks under a token that the device never used.
func (p *udpPeer) sendStrayBlock(cc *client.Conn) {
	m := cc.AcquireMessage(cc.Context())
	defer cc.ReleaseMessage(m)
	m.SetCode(codes.Content)
	m.SetType(message.NonConfirmable)
	m.SetToken(message.Token("stray"))
	m.SetMessageID(cc.GetMessageID())
	m.SetOptionBytes(message.Block2, []byte{0x08}) // number 0, more follow, 16 bytes
	m.SetBody(bytes.NewReader(make([]byte, 16)))
	_ = cc.Session().WriteMessage(m)
}

// askDevice asks over the device's own connection and keeps what it says.
func (p *udpPeer) askDevice(cc *client.Conn, path string) {
	p.asked.Go(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		answer, err := cc.Get(ctx, path, append(p.askOptions, message.Option{ID: message.URIQuery, Value: []byte("rt=oic.wk.d")},
			message.Option{ID: message.OptionID(ocf.OptionAcceptVersion), Value: []byte{0x08, 0x00}})...)
		if err != nil {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		p.answers = append(p.answers, answer)
	})
}

func TestProvisionUDP(t *testing.T) {
	p := &udpPeer{peer: peer{world: newWorld(t)}}
	result, err := newDevice(t, p.world.config(p.listen(t))).Provision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	checkResult(t, result)
	requests, _ := p.got()
	if len(requests) != 5 || len(result.Handshakes) != 2 {
		t.Errorf("%d requests, %d handshakes; want 5 and 2", len(requests), len(result.Handshakes))
	}
}

// TestBlockwiseUDP has an access control list that needs many blocks, yet fits the device.
func TestBlockwiseUDP(t *testing.T) {
	p := &udpPeer{peer: peer{world: newWorld(t), script: at(ocf.PathACLs, func(a answer) answer {
		entries := rightACLs()
		for range 40 {
			entries = append(entries, rightACLs()[1])
		}
		return a.field("aclist2", entries)
	})}}
	result, err := newDevice(t, p.world.config(p.listen(t))).Provision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(result.ACEs) != 43 {
		t.Errorf("%d entries, want 43", len(result.ACEs))
	}
}

// TestStrayBlockUDP: a block that belongs to nothing the device asked is dropped, and harms nothing.
func TestStrayBlockUDP(t *testing.T) {
	p := &udpPeer{peer: peer{world: newWorld(t)}, stray: true}
	result, err := newDevice(t, p.world.config(p.listen(t))).Provision(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	checkResult(t, result)
}

func TestWrongUDP(t *testing.T) {
	for _, tt := range []struct {
		name   string
		path   string
		change func(answer) answer
		step   device.Step
		reason device.Reason
		detail string
	}{
		{"content format", ocf.PathTime, func(a answer) answer { a.format = 60; return a },
			device.StepTime, device.ReasonContentFormat, "is 60"},
		{"too large", ocf.PathACLs, func(a answer) answer { a.body, a.payload = nil, make([]byte, 8193); return a },
			device.StepACLs, device.ReasonTooLarge, "payload of 8193 bytes"},
		{"critical option", ocf.PathTime, func(a answer) answer {
			a.options = message.Options{{ID: 9, Value: []byte{1}}}
			return a
		}, device.StepTime, device.ReasonCriticalOption, "option 9"},
		{"4.03", ocf.PathOwnership, func(answer) answer { return coded(codes.Forbidden) },
			device.StepOwnership, device.ReasonCode, "4.03"},
		{"body", ocf.PathOwnership, func(a answer) answer { return a.field("x", 1) },
			device.StepOwnership, device.ReasonUnknownKey, "body.x"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &udpPeer{peer: peer{world: newWorld(t), script: at(tt.path, tt.change)}}
			_, err := newDevice(t, p.world.config(p.listen(t))).Provision(t.Context())
			wantError(t, err, tt.step, tt.reason, tt.detail)
		})
	}
}

func TestHandshakeUDP(t *testing.T) {
	w := newWorld(t)
	p := &udpPeer{peer: peer{world: w}, refuse: true}
	_, err := newDevice(t, w.config(p.listen(t))).Provision(t.Context())
	wantError(t, err, device.StepHandshake, device.ReasonRefused, "")

	p = &udpPeer{peer: peer{world: w}, server: must(t)(w.vendor.NewLeaf("s"))}
	_, err = newDevice(t, w.config(p.listen(t))).Provision(t.Context())
	wantError(t, err, device.StepHandshake, device.ReasonServerCertificate, "unknown authority")

	p = &udpPeer{peer: peer{world: w}, server: must(t)(w.service.NewLeaf("s", pki.EKU(x509.ExtKeyUsageClientAuth)))}
	_, err = newDevice(t, w.config(p.listen(t))).Provision(t.Context())
	wantError(t, err, device.StepHandshake, device.ReasonServerCertificate, "without serverAuth")
}

// TestTransientUDP lets two answers fail and one stay out.
func TestTransientUDP(t *testing.T) {
	n := 0
	p := &udpPeer{peer: peer{world: newWorld(t), script: at(ocf.PathOwnership, func(a answer) answer {
		if n++; n == 1 {
			return coded(codes.ServiceUnavailable)
		}
		a.silent = n == 2
		return a
	})}}
	var waits []time.Duration
	d := newDevice(t, p.world.config(p.listen(t)), func(c *device.Config) {
		c.Timeouts = []time.Duration{time.Minute, 300 * time.Millisecond, time.Minute}
		c.Sleep = func(_ context.Context, d time.Duration) error { waits = append(waits, d); return nil }
	})
	if _, err := d.Provision(t.Context()); err != nil {
		t.Fatal(err)
	}
	if len(waits) != 2 || waits[0] != device.DefaultRetryDelay || waits[1] != 0 {
		t.Errorf("waits %v, want the delay after 5.03 and none after a timeout", waits)
	}
}

func TestDiscoveryUDP(t *testing.T) {
	for _, tt := range []struct {
		path string
		code codes.Code
		text string
	}{
		{ocf.PathDiscovery, codes.Content, "coaps://192.0.2.7:5684"},
		{"/oic/d", codes.NotFound, ""},
	} {
		p := &udpPeer{peer: peer{world: newWorld(t)}, ask: tt.path}
		// The access control list comes once the device has answered, for it hangs up after that.
		p.script = at(ocf.PathACLs, func(a answer) answer {
			p.mu.Unlock()
			p.asked.Wait()
			p.mu.Lock()
			return a
		})
		d := newDevice(t, p.world.config(p.listen(t)), func(c *device.Config) { c.LocalEndpoints = []string{"coaps://192.0.2.7:5684"} })
		if _, err := d.Provision(t.Context()); err != nil {
			t.Fatal(err)
		}
		p.mu.Lock()
		answers := p.answers
		p.mu.Unlock()
		if len(answers) != 1 || answers[0].Code() != tt.code {
			t.Fatalf("%s: answers %v, want one %v", tt.path, answers, tt.code)
		}
		body, err := answers[0].ReadBody()
		if err != nil || !strings.Contains(string(body), tt.text) {
			t.Errorf("%s: answer %q, %v; want %q in it", tt.path, body, err, tt.text)
		}
	}
}

// TestWrongQuestionUDP lets the service ask in a content format that makes the device drop the connection.
func TestWrongQuestionUDP(t *testing.T) {
	p := &udpPeer{peer: peer{world: newWorld(t)}, ask: ocf.PathDiscovery}
	p.askOptions = message.Options{{ID: message.ContentFormat, Value: []byte{60}}}
	p.script = at(ocf.PathOwnership, func(a answer) answer {
		p.mu.Unlock()
		p.asked.Wait()
		p.mu.Lock()
		return a
	})
	_, err := newDevice(t, p.world.config(p.listen(t))).Provision(t.Context())
	wantError(t, err, device.StepOwnership, device.ReasonContentFormat, "is 60")
}
