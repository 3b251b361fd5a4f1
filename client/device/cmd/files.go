package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"strings"

	"dps/client/device"
	"dps/shared/pki"
)

// newDevices makes what a fleet asks for each device's configuration.
func (o options) newDevices(observe func(device.Event)) (func(i int) (device.Config, error), error) {
	base, err := o.base()
	if err != nil {
		return nil, err
	}
	base.Observer = observe
	if o.manufacturerCert != "" {
		ca, err := loadPair("--manufacturer-ca", o.manufacturerCert, o.manufacturerKey)
		if err != nil {
			return nil, err
		}
		issue := device.IssueFrom(ca, base)
		return func(i int) (device.Config, error) {
			cfg, err := issue(i)
			cfg.DeviceID = o.deviceID
			return cfg, err
		}, nil
	}
	pair, err := loadPair("--cert and --key", o.cert, o.key)
	if err != nil {
		return nil, err
	}
	base.Manufacturer, base.DeviceID = pair.TLS(), o.deviceID
	return func(int) (device.Config, error) { return base, nil }, nil
}

// base is what all devices have in common.
func (o options) base() (device.Config, error) {
	cfg := device.Config{Endpoint: o.uri(), MaxAttempts: o.attempts, RetryDelay: o.retryDelay, SilentDiscovery: o.silent}
	var err error
	if cfg.ServerRoots, err = loadPool("--ca", o.ca); err != nil {
		return cfg, err
	}
	if o.gatewayCA != "" {
		if cfg.GatewayRoots, err = loadPool("--gateway-ca", o.gatewayCA); err != nil {
			return cfg, err
		}
	}
	if o.tls13 {
		cfg.MinVersion, cfg.MaxVersion = tls.VersionTLS13, tls.VersionTLS13
	}
	if o.oldOrder {
		cfg.Order = device.OrderOld
	}
	return cfg, nil
}

// uri is the endpoint with the scheme that --protocol asks for.
func (o options) uri() string {
	_, rest, found := strings.Cut(o.endpoint, "://")
	switch {
	case !found || o.protocol == "":
		return o.endpoint
	case o.protocol == "udp":
		return "coaps://" + rest
	default:
		return "coaps+tcp://" + rest
	}
}

func loadPool(option, file string) (*x509.CertPool, error) {
	data, err := os.ReadFile(file) //nolint:gosec // the user names it
	if err != nil {
		return nil, fmt.Errorf("%s: %w", option, err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(data) {
		return nil, fmt.Errorf("%s: %s holds no certificate in PEM", option, file)
	}
	return pool, nil
}

func loadPair(option, certFile, keyFile string) (*pki.Pair, error) {
	chain, err := os.ReadFile(certFile) //nolint:gosec // the user names it
	if err != nil {
		return nil, fmt.Errorf("%s: %w", option, err)
	}
	key, err := os.ReadFile(keyFile) //nolint:gosec // the user names it
	if err != nil {
		return nil, fmt.Errorf("%s: %w", option, err)
	}
	pair, err := pki.Load(chain, key)
	if err != nil {
		return nil, fmt.Errorf("%s: %s with %s: %w", option, certFile, keyFile, err)
	}
	return pair, nil
}
