package main

import (
	"crypto/tls"
	"fmt"

	"dps/shared/dps"
	"dps/shared/pki"
)

// device is one device, with everything that it will ever send made beforehand.
type device struct {
	tls      *tls.Config
	requests []request
}

// newDevices makes devices of one manufacturer. They offer what the real device offers (PROTOCOL §1), or TLS 1.3 alone.
func newDevices(manufacturer *pki.Pair, count int, tls13 bool) ([]*device, error) {
	devices := make([]*device, count)
	for i := range devices {
		leaf, err := manufacturer.NewLeaf(fmt.Sprintf("device %d", i))
		if err != nil {
			return nil, err
		}
		d := &device{tls: clientConfig(leaf.TLS(), tls13)}
		id := dps.NewUUID()
		key, err := pki.NewKey()
		if err != nil {
			return nil, err
		}
		csr, err := pki.NewCSR("uuid:"+id, key)
		if err != nil {
			return nil, err
		}
		if d.requests, err = newRequests(id, string(csr)); err != nil {
			return nil, err
		}
		devices[i] = d
	}
	return devices, nil
}

// clientConfig offers what the real device offers. It verifies nothing: the driver's time is not what is measured.
func clientConfig(certificate tls.Certificate, tls13 bool) *tls.Config {
	c := &tls.Config{
		InsecureSkipVerify:   true, //nolint:gosec // the driver talks to processes that it has started
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &certificate, nil },
		CurvePreferences:     []tls.CurveID{tls.CurveP256, tls.CurveP384},
		MinVersion:           tls.VersionTLS12,
		MaxVersion:           tls.VersionTLS12,
		CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256,
			tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
			tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
		},
	}
	if tls13 {
		c.MinVersion, c.MaxVersion = tls.VersionTLS13, tls.VersionTLS13
	}
	return c
}
