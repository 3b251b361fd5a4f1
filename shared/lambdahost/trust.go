package lambdahost

import (
	"crypto/tls"
	"net"
)

// trust is how a collector is: by the system's roots, or in clear where it is beside the function, as an extension is.
func trust(address string) *tls.Config {
	host, _, err := net.SplitHostPort(address)
	if err == nil && (host == "localhost" || net.ParseIP(host).IsLoopback()) {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12}
}
