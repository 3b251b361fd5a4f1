package clienttls

import (
	"crypto/tls"
	"net"
	"net/http"
	"time"

	"dps/shared/dps"
)

const (
	connectTimeout = 3 * time.Second // of a TCP connection, and of the handshake on it
	maxHeaderSize  = 64 << 10        // bytes of an answer's header
)

// Transport makes the transport of an HTTP client of its own, by its settings. It must be closed by CloseIdleConnections.
func Transport(config *tls.Config, settings dps.HTTPClient) *http.Transport {
	return &http.Transport{
		Proxy:                  http.ProxyFromEnvironment,
		DialContext:            (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    connectTimeout,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           settings.MaxIdleConns,
		MaxConnsPerHost:        settings.MaxConnsPerHost,
		MaxIdleConnsPerHost:    settings.MaxIdleConnsPerHost,
		IdleConnTimeout:        settings.IdleConnTimeout,
		MaxResponseHeaderBytes: maxHeaderSize,
	}
}
