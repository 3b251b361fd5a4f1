package device

import (
	"cmp"
	"errors"
	"net"
	"net/url"
)

// Networks, as net.Dial names them.
const (
	networkTCP = "tcp"
	networkUDP = "udp"
)

// endpoint is where a server is.
type endpoint struct {
	uri     string
	network string
	address string // HOST:PORT
}

// defaultPort is that of coaps and of coaps+tcp (RFC 7252 §6.2, RFC 8323 §8.2).
const defaultPort = "5684"

// parseEndpoint reads coaps+tcp://HOST:PORT or coaps://HOST:PORT; the port may be left out.
func parseEndpoint(uri string) (endpoint, error) {
	u, err := url.Parse(uri)
	if err != nil {
		return endpoint{}, errors.New("not a URI; write coaps+tcp://HOST:PORT or coaps://HOST:PORT")
	}
	to := endpoint{uri: uri}
	switch u.Scheme {
	case "coaps+tcp":
		to.network = networkTCP
	case "coaps":
		to.network = networkUDP
	default:
		return endpoint{}, errors.New("scheme is neither coaps+tcp nor coaps")
	}
	if u.Hostname() == "" {
		return endpoint{}, errors.New("the host is missing; write coaps+tcp://HOST:PORT or coaps://HOST:PORT")
	}
	to.address = net.JoinHostPort(u.Hostname(), cmp.Or(u.Port(), defaultPort))
	if (u.Path != "" && u.Path != "/") || u.RawQuery != "" || u.User != nil {
		return endpoint{}, errors.New("nothing may follow the port, and no user come before the host")
	}
	return to, nil
}
