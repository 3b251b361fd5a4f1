package api

import (
	"net"
	"net/url"
	"strings"

	"dps/shared/dps"
)

// ParseServer reads the address of a server that is told secrets: https, or http on this machine. Errors: CodeInvalid, with the
// remedy.
func ParseServer(address string) (*url.URL, error) {
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http":
		return nil, dps.Errorf(dps.CodeInvalid, "%q is no server's address: write https://HOST or https://HOST:PORT", address)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, dps.Errorf(dps.CodeInvalid, "%q has more than an address: write https://HOST:PORT, and log in with dpsctl login", u.Redacted())
	case u.Scheme == "http" && !IsLoopback(u.Hostname()):
		return nil, dps.Errorf(dps.CodeInvalid, "%s would send the token in clear: write https://%s; http is for this machine alone (127.0.0.1, localhost)", address, u.Host)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = strings.TrimRight(u.RawPath, "/")
	return u, nil
}

// IsLoopback tells a host that nobody outside this machine hears.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
