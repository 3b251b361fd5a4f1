package local

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"

	"github.com/pion/transport/v5/udp"

	"dps/shared/ocf"
)

// Bounds of the sockets.
const (
	handshakeBacklog = 64      // DTLS peers that wait to be accepted
	socketBuffer     = 1 << 20 // bytes the kernel holds for a UDP socket
	maxAddresses     = 16      // of this machine that links name
)

// endpoint is where the device can be reached.
type endpoint struct{ scheme, address string }

// listen opens every socket. Errors: of the sockets; those that are open stay for the caller to close.
func (s *Server) listen() (err error) {
	if s.clear, err = net.ListenUDP("udp", s.udpAddr(s.cfg.Port)); err != nil {
		return err
	}
	if !s.cfg.NoUDP {
		lc := udp.ListenConfig{Backlog: handshakeBacklog, AcceptFilter: isClientHello, ReadBufferSize: socketBuffer}
		if s.dtls, err = lc.Listen("udp", s.udpAddr(s.cfg.UDPPort)); err != nil {
			return err
		}
	}
	if !s.cfg.NoTCP {
		s.tls, err = net.ListenTCP("tcp", &net.TCPAddr{IP: net.ParseIP(s.cfg.Host), Port: int(s.cfg.TCPPort)})
		if err != nil {
			return err
		}
	}
	if err := s.join(); err != nil {
		return err
	}
	s.where, err = s.addresses()
	return err
}

func (s *Server) udpAddr(port uint16) *net.UDPAddr {
	return &net.UDPAddr{IP: net.ParseIP(s.cfg.Host), Port: int(port)}
}

// join opens a socket for each multicast group. The kernel gives a datagram to every socket of the group, so that several
// devices of one machine hear it; answers leave from the device's own port.
func (s *Server) join() error {
	for _, g := range s.cfg.Multicast {
		addr, err := net.ResolveUDPAddr("udp", g.Address)
		if err != nil {
			return err
		}
		var ifi *net.Interface
		if g.Interface != "" {
			if ifi, err = net.InterfaceByName(g.Interface); err != nil {
				return err
			}
		}
		conn, err := net.ListenMulticastUDP("udp", ifi, addr)
		if err != nil {
			return fmt.Errorf("multicast group %s on %q: %w", g.Address, g.Interface, err)
		}
		s.groups = append(s.groups, conn)
	}
	return nil
}

// addresses lists where the device can be reached: at its address, or at every one of the machine.
func (s *Server) addresses() ([]endpoint, error) {
	hosts, err := hostsOf(s.cfg.Host)
	if err != nil {
		return nil, err
	}
	var out []endpoint
	add := func(scheme string, addr net.Addr) {
		_, port, _ := net.SplitHostPort(addr.String()) // listeners' addresses have one
		for _, h := range hosts {
			out = append(out, endpoint{scheme, net.JoinHostPort(h, port)})
		}
	}
	if s.tls != nil {
		add(ocf.SchemeTCPSecure, s.tls.Addr())
	}
	if s.dtls != nil {
		add(ocf.SchemeUDPSecure, s.dtls.Addr())
	}
	add(ocf.SchemeUDP, s.clear.LocalAddr())
	return out, nil
}

// hostsOf gives the addresses that others can use. A link-local one goes without its zone, which means something on this
// machine alone.
func hostsOf(host string) ([]string, error) {
	if host != "" && !netip.MustParseAddr(host).IsUnspecified() { // check has parsed it
		return []string{netip.MustParseAddr(host).WithZone("").String()}, nil
	}
	all, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, a := range all {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && !p.Addr().IsLoopback() && len(out) < maxAddresses {
			out = append(out, p.Addr().String())
		}
	}
	if len(out) == 0 {
		out = []string{"127.0.0.1"}
	}
	return out, nil
}

// isClientHello tells whether a datagram of an unknown peer begins a handshake (RFC 6347 §4.1, §4.3.2): anything else
// gets no memory.
func isClientHello(b []byte) bool {
	const handshakeRecord, clientHello, headerLength = 22, 1, 13
	return len(b) > headerLength && b[0] == handshakeRecord && b[1] == 0xfe &&
		binary.BigEndian.Uint16(b[3:5]) == 0 && b[headerLength] == clientHello
}

// DefaultGroups gives the groups of OCF on an interface: IPv4, and IPv6 for the link, the realm and the site.
func DefaultGroups(ifi string) []Group {
	var out []Group
	for _, a := range []string{ocf.MulticastIPv4, ocf.MulticastIPv6Link, ocf.MulticastIPv6Realm, ocf.MulticastIPv6Site} {
		out = append(out, Group{Interface: ifi, Address: a})
	}
	return out
}
