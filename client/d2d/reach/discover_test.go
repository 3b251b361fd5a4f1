package reach_test

import (
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"
	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	"github.com/plgd-dev/go-coap/v3/udp/coder"

	"dps/client/d2d/reach"
	"dps/client/device/local"
	"dps/shared/dps"
	"dps/shared/ocf"
)

func TestDiscoverByAddress(t *testing.T) {
	d := newDomain(t)
	ours, fresh := d.provisioned(t), dps.NewUUID()
	others := newDomain(t).provisioned(t)
	at := []string{
		clearAddress(t, run(t, local.Config{Provisioned: ours, Name: "Lamp"})),
		clearAddress(t, run(t, local.Config{DeviceID: fresh})),
		clearAddress(t, run(t, local.Config{Provisioned: others})),
		"127.0.0.1:" + freePort(t), // nobody
	}
	want := map[string]reach.Ownership{ours.DeviceID: reach.OwnershipOurs, fresh: reach.OwnershipUnowned, others.DeviceID: reach.OwnershipOther}
	for name, c := range map[string]*reach.Client{"key": client(t, d.byKey()), "certificate": client(t, d.byCertificate(t))} {
		found := discover(t, c, at...)
		if len(found) != len(want) {
			t.Fatalf("%s: %d devices, want %d: %+v", name, len(found), len(want), found)
		}
		for _, f := range found {
			if f.Ownership != want[f.ID] || !slices.Contains(f.Types, "oic.d.light") || len(f.Endpoints) != 3 {
				t.Errorf("%s: %+v, want %s", name, f, want[f.ID])
			}
			if f.ID == ours.DeviceID && f.Name != "Lamp" {
				t.Errorf("%s: name %q", name, f.Name)
			}
		}
	}
	t.Run("without credentials nobody is ours", func(t *testing.T) {
		for _, f := range discover(t, client(t, reach.Credentials{}), at...) {
			if f.Ownership == reach.OwnershipOurs || f.Ownership == reach.OwnershipOther {
				t.Errorf("%+v", f)
			}
		}
		_, err := client(t, reach.Credentials{}).Read(t.Context(), ours.DeviceID, "/light/1", "")
		wantError(t, err, dps.CodeInvalid, reach.ReasonNoCredentials)
	})
}

// TestAnswersFromAnotherPort: iotivity-lite takes discovery at one port and answers from another; from another address nobody does.
func TestAnswersFromAnotherPort(t *testing.T) {
	d := newDomain(t)
	p := d.provisioned(t)
	device := must(net.ResolveUDPAddr("udp4", clearAddress(t, run(t, local.Config{Provisioned: p}))))(t)
	c := client(t, d.byCertificate(t))
	t.Run("the same address", func(t *testing.T) {
		if found := discover(t, c, answersFrom(t, "127.0.0.1", device)); len(found) != 1 || found[0].ID != p.DeviceID || found[0].Ownership != reach.OwnershipOurs {
			t.Errorf("discovered %+v, want %s", found, p.DeviceID)
		}
	})
	t.Run("another address", func(t *testing.T) {
		if found := discover(t, c, answersFrom(t, "127.0.0.2", device)); len(found) != 0 {
			t.Errorf("discovered %+v by the answer of somebody else", found)
		}
	})
}

// answersFrom gives an address at which the device takes questions, and answers from a socket of the host.
func answersFrom(t *testing.T, host string, device *net.UDPAddr) string {
	t.Helper()
	answering, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(host)})
	if err != nil {
		t.Skipf("%s is not an address of this machine: %v", host, err)
	}
	asked := must(net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}))(t)
	var client atomic.Pointer[net.UDPAddr]
	var relays sync.WaitGroup
	relay := func(from *net.UDPConn) {
		buf := make([]byte, 64<<10)
		for {
			n, who, err := from.ReadFromUDP(buf)
			if err != nil {
				return
			}
			to := device
			if who.Port == device.Port {
				to = client.Load()
			} else {
				client.Store(who)
			}
			_, _ = answering.WriteToUDP(buf[:n], to)
		}
	}
	relays.Go(func() { relay(asked) })
	relays.Go(func() { relay(answering) })
	t.Cleanup(func() { _, _ = asked.Close(), answering.Close(); relays.Wait() })
	return asked.LocalAddr().String()
}

// TestDiscoverByMulticast finds three devices that share one port, over the real network of this machine.
func TestDiscoverByMulticast(t *testing.T) {
	for _, family := range []struct{ name, group, host string }{
		{"IPv4", "224.0.1.187", "127.0.0.1"}, {"IPv6", "ff02::158", "::1"},
	} {
		t.Run(family.name, func(t *testing.T) {
			ifi, host := multicastInterface(t, family.group, family.host)
			group := net.JoinHostPort(family.group, freePort(t))
			d := newDomain(t)
			var want []string
			for range 3 {
				p := d.provisioned(t)
				want = append(want, p.DeviceID)
				run(t, local.Config{Provisioned: p, Host: host, Multicast: []local.Group{{Interface: ifi, Address: group}}})
			}
			slices.Sort(want)
			c := client(t, d.byCertificate(t), func(o *reach.Options) {
				o.Interfaces, o.MulticastIPv4, o.MulticastIPv6 = []string{ifi}, []string{group}, []string{group}
			})
			found := must(c.Discover(t.Context(), reach.Query{MulticastIPv4: family.name == "IPv4", MulticastIPv6: family.name == "IPv6", Wait: time.Second}))(t)
			var got []string
			for _, f := range found {
				got = append(got, f.ID)
				if f.Ownership != reach.OwnershipOurs {
					t.Errorf("%+v, want ours", f)
				}
			}
			if !slices.Equal(got, want) {
				t.Fatalf("found %v, want %v", got, want)
			}
			if _, err := c.Read(t.Context(), want[0], "/light/1", ""); err != nil {
				t.Error(err)
			}
		})
	}
}

// multicastInterface gives an interface over which the kernel really brings a datagram from this machine to itself, and an
// address of it; the loopback one where that works.
func multicastInterface(t *testing.T, group, loopback string) (name, host string) {
	t.Helper()
	all := must(net.Interfaces())(t)
	slices.SortStableFunc(all, func(a, b net.Interface) int { return int(b.Flags&net.FlagLoopback) - int(a.Flags&net.FlagLoopback) })
	for _, i := range all {
		if i.Flags&net.FlagUp == 0 || i.Flags&(net.FlagMulticast|net.FlagLoopback) == 0 {
			continue
		}
		host := loopback
		if i.Flags&net.FlagLoopback == 0 {
			host = addressOf(t, i, strings.Contains(loopback, ":"))
		}
		if host != "" && carries(t, i, group) {
			return i.Name, host
		}
	}
	t.Skipf("SKIPPED: no interface of this machine carries multicast to %s: discovery by multicast is NOT tested here", group)
	return "", ""
}

func addressOf(t *testing.T, i net.Interface, v6 bool) string {
	t.Helper()
	for _, a := range must(i.Addrs())(t) {
		if n, ok := a.(*net.IPNet); ok && (n.IP.To4() == nil) == v6 && !n.IP.IsLinkLocalUnicast() {
			return n.IP.String()
		}
	}
	return ""
}

func carries(t *testing.T, i net.Interface, group string) bool {
	t.Helper()
	to := &net.UDPAddr{IP: net.ParseIP(group)}
	l, err := net.ListenMulticastUDP("udp", &i, to)
	if err != nil {
		return false
	}
	defer func() { _ = l.Close() }()
	to.Port = l.LocalAddr().(*net.UDPAddr).Port
	if err := reach.SendMulticast(t.Context(), to, i); err != nil {
		return false
	}
	_ = l.SetReadDeadline(time.Now().Add(shortly))
	_, _, err = l.ReadFromUDP(make([]byte, 100))
	return err == nil
}

func TestBadQueries(t *testing.T) {
	c := client(t, newDomain(t).byKey())
	for name, q := range map[string]reach.Query{
		"nothing":           {},
		"a host name":       {Addresses: []string{"example.com"}},
		"a group":           {Addresses: []string{"224.0.1.187"}},
		"port zero":         {Addresses: []string{"127.0.0.1:0"}},
		"negative wait":     {Addresses: []string{"127.0.0.1"}, Wait: -1},
		"too many":          {Addresses: make([]string, 1000)},
		"unknown interface": {MulticastIPv4: true},
	} {
		if name == "unknown interface" {
			c = client(t, newDomain(t).byKey(), func(o *reach.Options) { o.Interfaces = []string{"nonesuch0"} })
		}
		if _, err := c.Discover(t.Context(), q); dps.CodeOf(err) != dps.CodeInvalid {
			t.Errorf("%s: %v, want %s", name, err, dps.CodeInvalid)
		}
	}
}

// TestLiarsAddresses: what an answer claims does not lead the client astray: not to other hosts' names, not to this machine's
// own services unless the answer came from this machine.
func TestLiar(t *testing.T) {
	d := newDomain(t)
	p := d.provisioned(t)
	s := run(t, local.Config{Provisioned: p})
	liar := answering(t, func(m message.Message) (codes.Code, any) { // claims to be the device, and sends the client elsewhere
		if path, _ := m.Options.Path(); path != ocf.PathDiscovery {
			return codes.NotFound, nil
		}
		eps := []ocf.LinkEndpoint{{URI: "coaps+tcp://internal.example:1"}, {URI: "coaps+tcp://0.0.0.0:1"}, {URI: "coaps://224.0.0.1:5684"},
			{URI: "http://127.0.0.1:80"}, {URI: "coaps+tcp://127.0.0.1:1"}}
		return codes.Content, []ocf.Link{{Anchor: ocf.AnchorScheme + p.DeviceID, Href: "/oic/d", ResourceTypes: []string{"oic.wk.d"}, Endpoints: eps}}
	})
	c := client(t, d.byCertificate(t))
	for _, order := range [][]string{{clearAddress(t, s), liar}, {liar, clearAddress(t, s)}} {
		c.Forget()
		for _, a := range order {
			discover(t, c, a)
		}
		known := must(c.Known(p.DeviceID))(t)
		for _, e := range known.Endpoints {
			if strings.Contains(e, "internal") || strings.Contains(e, "0.0.0.0") || strings.Contains(e, "224.") || strings.Contains(e, "http") {
				t.Errorf("endpoint %s is remembered", e)
			}
		}
		if _, err := c.Read(t.Context(), p.DeviceID, "/light/1", ""); err != nil {
			t.Errorf("the liar keeps the client from the device: %v", err)
		}
	}
}

// answering serves plain CoAP with a script, on a port of its own.
func answering(t *testing.T, script func(message.Message) (codes.Code, any)) string {
	t.Helper()
	conn := must(net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)}))(t)
	done := make(chan struct{})
	go func() {
		defer close(done)
		buf := make([]byte, 2000)
		for {
			n, from, err := conn.ReadFromUDP(buf)
			if err != nil {
				return
			}
			m := message.Message{Options: make(message.Options, 0, 32)}
			if _, err := coder.DefaultCoder.Decode(buf[:n], &m); err != nil {
				continue
			}
			code, body := script(m)
			out := message.Message{Type: message.Acknowledgement, MessageID: m.MessageID, Token: m.Token, Code: code}
			switch b := body.(type) {
			case nil:
			case []byte:
				_, _ = conn.WriteToUDP(b, from)
				continue
			default:
				out.Payload, _ = cbor.Marshal(b)
				out.Options = message.Options{{ID: message.ContentFormat, Value: []byte{0x27, 0x10}}}
			}
			data := make([]byte, 60000)
			if n, err := coder.DefaultCoder.Encode(out, data); err == nil {
				_, _ = conn.WriteToUDP(data[:n], from)
			}
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return conn.LocalAddr().String()
}

// TestHostileAnswers: garbage, floods and endless lists find no devices and do no harm.
func TestHostileAnswers(t *testing.T) {
	links := make([]ocf.Link, 3000)
	for i := range links {
		links[i] = ocf.Link{Anchor: ocf.AnchorScheme + dps.NewUUID(), Href: "/a"}
	}
	huge, _ := cbor.Marshal(links)
	for name, body := range map[string]any{
		"garbage":          []byte("\xff\x00\xff\xff"),
		"a number":         7,
		"a map":            map[string]any{"links": 1},
		"no anchors":       []ocf.Link{{Href: "/a"}},
		"anchor of nobody": []ocf.Link{{Href: "/a", Anchor: ocf.AnchorScheme + dps.NilUUID}},
		"nothing":          nil,
		"huge":             huge[:50000],
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at := answering(t, func(message.Message) (codes.Code, any) { return codes.Content, body })
			c := client(t, newDomain(t).byKey())
			if found := must(c.Discover(t.Context(), reach.Query{Addresses: []string{at}, Wait: shortly}))(t); len(found) != 0 {
				t.Errorf("found %d devices", len(found))
			}
		})
	}
}

func encodeUDP(t *testing.T, m message.Message) []byte {
	t.Helper()
	data := make([]byte, 60000)
	return data[:must(coder.DefaultCoder.Encode(m, data))(t)]
}
