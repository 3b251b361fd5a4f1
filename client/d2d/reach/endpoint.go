package reach

import (
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"dps/shared/ocf"
)

// maxEndpoints bounds what is remembered of one device.
const maxEndpoints = 24

// defaultPort is of coap:// (RFC 7252 §12.6).
const defaultPort = 5683

// endpoint is where a device can be reached.
type endpoint struct {
	scheme string
	addr   netip.AddrPort
}

func (e endpoint) String() string { return e.scheme + "://" + e.addr.String() }

// parseEndpoint reads an endpoint that the answer from source names, and false where it is none that we would use: a device
// may name addresses of its own, but no host name, nobody's, everybody's, and not this machine unless it is here too.
func parseEndpoint(text string, source netip.Addr) (endpoint, bool) {
	scheme, rest, found := strings.Cut(text, "://")
	if !found || len(text) > 128 || !slices.Contains([]string{ocf.SchemeUDP, ocf.SchemeUDPSecure, ocf.SchemeTCPSecure}, scheme) {
		return endpoint{}, false
	}
	addr, err := netip.ParseAddrPort(rest)
	if err != nil || addr.Port() == 0 {
		return endpoint{}, false
	}
	ip := addr.Addr().Unmap().WithZone("")
	switch {
	case ip.IsUnspecified(), ip.IsMulticast(), ip == netip.AddrFrom4([4]byte{255, 255, 255, 255}):
		return endpoint{}, false
	case ip.IsLoopback() && !source.IsLoopback():
		return endpoint{}, false
	case ip.IsLinkLocalUnicast() && ip.Is6():
		ip = ip.WithZone(source.Zone()) // a zone means something on this machine alone
	}
	return endpoint{scheme: scheme, addr: netip.AddrPortFrom(ip, addr.Port())}, true
}

// parseAddress reads HOST, HOST:PORT or coap://HOST:PORT, an IP address each, as a person writes it.
func parseAddress(text string) (netip.AddrPort, bool) {
	text = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), ocf.SchemeUDP+"://"), "/")
	if ip, err := netip.ParseAddr(strings.Trim(text, "[]")); err == nil {
		return netip.AddrPortFrom(ip.Unmap(), defaultPort), true
	}
	host, port, err := net.SplitHostPort(text)
	if err != nil {
		return netip.AddrPort{}, false
	}
	ip, err := netip.ParseAddr(host)
	n, errPort := strconv.ParseUint(port, 10, 16)
	return netip.AddrPortFrom(ip.Unmap(), uint16(n)), err == nil && errPort == nil && n > 0
}

// sorted orders endpoints as they are tried: those over TCP first, else as they come.
func sorted(all []endpoint) []endpoint {
	rank := map[string]int{ocf.SchemeTCPSecure: 0, ocf.SchemeUDPSecure: 1, ocf.SchemeUDP: 2}
	slices.SortStableFunc(all, func(a, b endpoint) int { return rank[a.scheme] - rank[b.scheme] })
	return all
}
