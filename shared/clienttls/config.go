// Package clienttls turns the stored TLS settings of a client into what crypto/tls takes.
package clienttls

import (
	"context"
	"crypto/tls"
	"crypto/x509"

	"dps/shared/dps"
)

// Config reads the key and gives a configuration for TLS 1.2 and later: trusted are the certificates of CAPool, the system's
// too where UseSystemCAPool is set, and the system's alone where there is no CAPool.
//
// Errors: CodeUnavailable, naming the field; neither text holds a secret. It is an operator's mistake, or a secrets store
// that is down: nothing a device could mend.
func Config(ctx context.Context, secrets dps.Secrets, t dps.ClientTLS) (*tls.Config, error) {
	roots, err := rootsOf(t)
	if err != nil {
		return nil, err
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	if t.Cert == "" && t.Key == "" {
		return c, nil
	}
	certificate, err := certificateOf(ctx, secrets, t)
	if err != nil {
		return nil, err
	}
	c.Certificates = []tls.Certificate{certificate}
	return c, nil
}

// rootsOf gives nil for the system's roots.
func rootsOf(t dps.ClientTLS) (*x509.CertPool, error) {
	if t.CAPool == "" {
		return nil, nil
	}
	roots := x509.NewCertPool()
	if t.UseSystemCAPool {
		system, err := x509.SystemCertPool()
		if err != nil {
			return nil, dps.Wrap(dps.CodeUnavailable, err, "useSystemCAPool: the system's certificates cannot be read")
		}
		roots = system
	}
	if !roots.AppendCertsFromPEM([]byte(t.CAPool)) {
		return nil, dps.Errorf(dps.CodeUnavailable, "caPool: holds no certificate in PEM format")
	}
	return roots, nil
}

func certificateOf(ctx context.Context, secrets dps.Secrets, t dps.ClientTLS) (tls.Certificate, error) {
	switch {
	case t.Cert == "":
		return tls.Certificate{}, dps.Errorf(dps.CodeUnavailable, "cert: must be set where key is")
	case t.Key == "":
		return tls.Certificate{}, dps.Errorf(dps.CodeUnavailable, "key: must be set where cert is")
	}
	key, err := secrets.Secret(ctx, t.Key)
	if err != nil {
		return tls.Certificate{}, dps.Wrap(dps.CodeUnavailable, err, "key: the secret cannot be read")
	}
	certificate, err := tls.X509KeyPair([]byte(t.Cert), key)
	if err != nil {
		return tls.Certificate{}, dps.Wrap(dps.CodeUnavailable, err, "cert, key: they are not a certificate and its private key in PEM format")
	}
	return certificate, nil
}
