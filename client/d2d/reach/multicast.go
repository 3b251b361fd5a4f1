package reach

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"time"

	"github.com/plgd-dev/go-coap/v3/message"
	"github.com/plgd-dev/go-coap/v3/message/codes"
	coapnet "github.com/plgd-dev/go-coap/v3/net"
	"github.com/plgd-dev/go-coap/v3/udp/coder"

	"dps/shared/dps"
	"dps/shared/ocf"
)

const (
	maxDatagram  = 64 << 10 // bytes
	maxDatagrams = 4096     // that one discovery reads, against a flood
	maxOptions   = 32       // of a message
)

// multicast is one group to ask.
type multicast struct {
	network string // udp4, udp6
	address string
}

func (c *Client) multicasts(q Query) []multicast {
	var out []multicast
	if q.MulticastIPv4 {
		for _, a := range c.o.MulticastIPv4 {
			out = append(out, multicast{"udp4", a})
		}
	}
	if q.MulticastIPv6 {
		for _, a := range c.o.MulticastIPv6 {
			out = append(out, multicast{"udp6", a})
		}
	}
	return out
}

// shout asks a group on every interface and listens for as long as wait. It asks twice: a datagram is easily lost. Errors:
// CodeInvalid for a bad address or interface, CodeUnavailable where nothing could be sent.
func (c *Client) shout(ctx context.Context, m multicast, wait time.Duration, out *answers) error {
	to, err := net.ResolveUDPAddr(m.network, m.address)
	if err != nil || !to.IP.IsMulticast() {
		return dps.Wrap(dps.CodeInvalid, err, "multicast address "+clip(m.address)+" is none of the network "+m.network)
	}
	interfaces, err := c.interfaces()
	if err != nil {
		return err
	}
	conn, err := net.ListenUDP(m.network, nil)
	if err != nil {
		return dps.Wrap(dps.CodeUnavailable, err, "cannot open a socket to discover devices")
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	token := newToken()
	for _, part := range []time.Duration{wait / 4, wait - wait/4} {
		if err := send(ctx, conn, m.network, to, interfaces, token); err != nil {
			return dps.Wrap(dps.CodeUnavailable, err, "cannot send to the multicast group "+m.address+" on any interface")
		}
		_ = conn.SetReadDeadline(time.Now().Add(part))
		if ctx.Err() != nil {
			return nil // Discover gives the context's error
		}
		listen(conn, out, func(t string, _ netip.AddrPort) (ok, more bool) { return t == string(token), true })
	}
	return nil
}

// interfaces gives those to ask on. Errors: CodeInvalid for one that there is not.
func (c *Client) interfaces() ([]net.Interface, error) {
	all, err := net.Interfaces()
	if err != nil {
		return nil, dps.Wrap(dps.CodeUnavailable, err, "cannot list the network interfaces")
	}
	if len(c.o.Interfaces) == 0 {
		return slices.DeleteFunc(all, func(i net.Interface) bool {
			return i.Flags&net.FlagUp == 0 || i.Flags&net.FlagMulticast == 0
		}), nil
	}
	var out []net.Interface
	for _, name := range c.o.Interfaces {
		i := slices.IndexFunc(all, func(i net.Interface) bool { return i.Name == name })
		if i < 0 {
			return nil, dps.Errorf(dps.CodeInvalid, "Options.Interfaces: there is no network interface %q", clip(name))
		}
		out = append(out, all[i])
	}
	return out, nil
}

// send asks on each interface: GET /oic/res?rt=oic.wk.d, not to be confirmed (RFC 7252 §8.1). Errors: of the last interface,
// where none worked.
func send(ctx context.Context, conn *net.UDPConn, network string, to *net.UDPAddr, interfaces []net.Interface, token message.Token) error {
	data, err := discoveryRequest(token)
	if err != nil {
		return err
	}
	sender, sent := coapnet.NewUDPConn(network, conn), false
	for _, i := range interfaces {
		if e := sender.WriteMulticast(ctx, to, data, coapnet.WithMulticastInterface(i)); e != nil {
			err = e
		} else {
			sent = true
		}
	}
	if sent || len(interfaces) == 0 {
		return nil
	}
	return err
}

func discoveryRequest(token message.Token) ([]byte, error) {
	q := request{method: codes.GET, href: ocf.PathDiscovery, query: []string{discoveryQuery}}
	var id [2]byte
	_, _ = rand.Read(id[:]) // crypto/rand.Read never fails: it ends the process instead
	m := message.Message{Type: message.NonConfirmable, Code: codes.GET, Token: token, Options: q.options(),
		MessageID: int32(binary.BigEndian.Uint16(id[:]))}
	size, err := coder.DefaultCoder.Size(m)
	if err != nil {
		return nil, err
	}
	data := make([]byte, size)
	n, err := coder.DefaultCoder.Encode(m, data)
	return data[:n], err
}

// listen reads answers until the socket's deadline, or until accept, which judges them by token and sender, wants no more.
func listen(conn *net.UDPConn, out *answers, accept func(token string, from netip.AddrPort) (ok, more bool)) {
	buf := make([]byte, maxDatagram)
	for range maxDatagrams {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		h, token, ok := hear(buf[:n])
		if !ok {
			continue
		}
		h.from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		ok, more := accept(token, h.from)
		if ok {
			out.add(h)
		}
		if !more {
			return
		}
	}
}

// hear reads one datagram; false: it is no answer to a discovery.
func hear(data []byte) (h heard, token string, ok bool) {
	m := message.Message{Options: make(message.Options, 0, maxOptions)}
	n, err := coder.DefaultCoder.Decode(data, &m)
	if err != nil || n != len(data) || m.Code != codes.Content {
		return heard{}, "", false
	}
	if block, err := m.Options.GetUint32(message.Block2); err == nil && block&8 != 0 {
		return heard{more: true}, string(m.Token), true
	}
	a := newAnswer(m.Code, m.Options, m.Payload)
	links, err := parseLinks(a.format, a.body)
	return heard{links: links}, string(m.Token), err == nil
}
