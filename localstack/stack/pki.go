package stack

import (
	"os"
	"path/filepath"

	"dps/shared/pki"
)

// The files of a stack's folder that hold certificates and keys, each with ".crt" and ".key".
const (
	fileServiceRoot     = "service-root"     // devices trust the service by it
	fileService         = "service"          // the service's own certificate
	fileManufacturerTop = "manufacturer-top" // root of a maker of devices
	fileManufacturer    = "manufacturer"     // signs manufacturer certificates
	// fileManufacturerChain is the manufacturer's chain, as attestationMechanism.x509.certificateChain takes it.
	fileManufacturerChain = "manufacturer-chain.crt"
	// FileManufacturerRoot is whom a client trusts that takes ownership of devices.
	FileManufacturerRoot = fileManufacturerTop + ".crt"
)

// PKI is who trusts whom around the service.
type PKI struct {
	ServiceRoot      *pki.Pair
	Service          *pki.Pair
	ManufacturerRoot *pki.Pair
	Manufacturer     *pki.Pair // intermediate under ManufacturerRoot
}

func loadPKI(dir, host string) (*PKI, error) {
	p := &PKI{}
	err := pki.LoadOrMake(dir,
		pki.Part{File: fileServiceRoot, Pair: &p.ServiceRoot, Make: func() (*pki.Pair, error) { return pki.NewRoot("Local provisioning service root") }},
		pki.Part{File: fileService, Pair: &p.Service, Make: func() (*pki.Pair, error) {
			return p.ServiceRoot.NewLeaf("Local provisioning service", pki.Hosts(host, "localhost"))
		}},
		pki.Part{File: fileManufacturerTop, Pair: &p.ManufacturerRoot, Make: func() (*pki.Pair, error) { return pki.NewRoot("Acme Devices root") }},
		pki.Part{File: fileManufacturer, Pair: &p.Manufacturer, Make: func() (*pki.Pair, error) {
			return p.ManufacturerRoot.NewIntermediate("Acme Devices factory 1")
		}},
	)
	if err != nil {
		return nil, err
	}
	chain := append(p.Manufacturer.CertificatePEM(), p.ManufacturerRoot.CertificatePEM()...)
	return p, os.WriteFile(filepath.Join(dir, fileManufacturerChain), chain, 0o600)
}
