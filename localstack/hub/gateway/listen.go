package gateway

import (
	"crypto/tls"
	"net"

	"github.com/pion/dtls/v3"
	coapnet "github.com/plgd-dev/go-coap/v3/net"
)

// attempts is how often a port is looked for that is free for TCP and for UDP, where any will do.
const attempts = 10

// listen opens both sockets, on one port. Errors: of the sockets; then neither is open.
func (g *Gateway) listen() error {
	host, port, err := net.SplitHostPort(g.o.Address)
	if err != nil {
		return err
	}
	tries := 1
	if port == "0" {
		tries = attempts
	}
	for range tries {
		if err = g.listenOn(host, port); err == nil {
			return nil
		}
	}
	return err
}

func (g *Gateway) listenOn(host, port string) (err error) {
	if g.tcp, err = coapnet.NewTLSListener("tcp", net.JoinHostPort(host, port), &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{g.o.Certificate},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: g.o.Devices,
	}); err != nil {
		return err
	}
	if port == "0" {
		_, port, _ = net.SplitHostPort(g.tcp.Addr().String()) // listeners' addresses have one
	}
	if g.udp, err = coapnet.NewDTLSListener("udp", net.JoinHostPort(host, port), coapnet.NewDTLSServerOptions(
		dtls.WithCertificates(g.o.Certificate), dtls.WithClientAuth(dtls.RequireAndVerifyClientCert), dtls.WithClientCAs(g.o.Devices),
		dtls.WithExtendedMasterSecret(dtls.RequestExtendedMasterSecret),
	)); err != nil {
		_ = g.tcp.Close()
	}
	return err
}
