package oauth

import (
	"net"
	"net/url"
	"slices"
	"strings"
)

// returnsTo finds the registered address that a request names. Addresses are compared as they are written (RFC 6749 §3.1.2.3),
// but for the port of a loopback address that is registered without one: it is not known before a program runs (RFC 8252 §7.3).
func returnsTo(registered []string, given string) (*url.URL, bool) {
	u, err := url.Parse(given)
	if given == "" || err != nil || u.String() != given {
		return nil, false
	}
	if slices.Contains(registered, given) {
		return u, true
	}
	port := u.Port()
	if port == "" || !isLoopback(u.Hostname()) {
		return nil, false
	}
	anyPort := *u
	anyPort.Host = strings.TrimSuffix(u.Host, ":"+port)
	return u, slices.Contains(registered, anyPort.String())
}

// isLoopback tells a host of this machine alone: an address, or the name that browsers keep for them (RFC 6761 §6.3).
func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
