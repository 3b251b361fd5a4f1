package api

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"os"
	"time"

	"dps/shared/dps"
)

// TLS names the files by which server and client trust each other; all may be empty.
type TLS struct {
	CA   string `yaml:"ca,omitempty"`   // authorities of the server's certificate, beside the system's
	Cert string `yaml:"cert,omitempty"` // the client's, where the server demands one
	Key  string `yaml:"key,omitempty"`
}

// NewHTTPClient makes the client for a server and its OAuth server. It follows no redirect: what was meant for one host is told to
// no other. close ends its connections. Errors: CodeInvalid, naming the file at fault.
func NewHTTPClient(files TLS) (c *http.Client, closeAll func(), err error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if settings.RootCAs, err = roots(files.CA); err != nil {
		return nil, nil, err
	}
	if files.Cert != "" || files.Key != "" {
		pair, err := tls.LoadX509KeyPair(files.Cert, files.Key)
		if err != nil {
			return nil, nil, dps.Wrap(dps.CodeInvalid, err, "the client's certificate cannot be used: give --cert FILE and --key FILE, in PEM format")
		}
		settings.Certificates = []tls.Certificate{pair}
	}
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, TLSClientConfig: settings, ForceAttemptHTTP2: true,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: timeout, MaxResponseHeaderBytes: 64 << 10, IdleConnTimeout: time.Minute,
	}
	return &http.Client{
		Transport: transport, Timeout: timeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}, transport.CloseIdleConnections, nil
}

// roots are the system's and those of the file; nil is the system's.
func roots(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil //nolint:nilnil // as crypto/tls takes it
	}
	pem, err := os.ReadFile(file) //nolint:gosec // the file that the operator names
	if err != nil {
		return nil, dps.Wrap(dps.CodeInvalid, err, "--ca "+file+" cannot be read")
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		pool = x509.NewCertPool()
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, dps.Errorf(dps.CodeInvalid, "--ca %s: no certificate in PEM format", file)
	}
	return pool, nil
}
