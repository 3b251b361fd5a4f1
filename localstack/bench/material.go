package main

import (
	"crypto/tls"
	"crypto/x509"
	"os"
	"path/filepath"

	"dps/shared/dps"
	"dps/shared/pki"
)

// Files of the run's folder, which the roles share.
const (
	fileServiceCert   = "service.crt"
	fileServiceKey    = "service.key"
	fileManufacturers = "manufacturer-chain.crt"
	fileAnswers       = "answers.json"
)

// makeMaterial writes the service's certificate and the manufacturer's chain, and gives the manufacturer: an intermediate
// under a root, as in the field, so that each device's chain costs two signature checks.
func makeMaterial(dir string) (*pki.Pair, error) {
	serviceRoot, err := pki.NewRoot("Benchmark service root")
	if err != nil {
		return nil, err
	}
	service, err := serviceRoot.NewLeaf("Benchmark service", pki.Hosts("127.0.0.1"))
	if err != nil {
		return nil, err
	}
	key, err := service.KeyPEM()
	if err != nil {
		return nil, err
	}
	root, err := pki.NewRoot("Benchmark manufacturer root")
	if err != nil {
		return nil, err
	}
	manufacturer, err := root.NewIntermediate("Benchmark manufacturer")
	if err != nil {
		return nil, err
	}
	for name, data := range map[string][]byte{
		fileServiceCert: service.ChainPEM(), fileServiceKey: key,
		fileManufacturers: append(manufacturer.CertificatePEM(), root.CertificatePEM()...),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			return nil, err
		}
	}
	return manufacturer, nil
}

// loadFloorConfig reads what makeMaterial wrote. Of the manufacturer's chain only the root is trusted: the intermediate comes
// with each device, and its signature is checked each time.
func loadFloorConfig(dir string) (*tls.Config, error) {
	certificate, err := tls.LoadX509KeyPair(filepath.Join(dir, fileServiceCert), filepath.Join(dir, fileServiceKey))
	if err != nil {
		return nil, err
	}
	data, err := os.ReadFile(filepath.Join(dir, fileManufacturers)) //nolint:gosec // the run's own folder
	if err != nil {
		return nil, err
	}
	chain, err := dps.ParseCertificatesPEM(data, dps.MaxGroupCertificates)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	for _, c := range chain {
		if dps.IsSelfSigned(c) {
			roots.AddCert(c)
		}
	}
	return floorConfig(certificate, roots), nil
}
