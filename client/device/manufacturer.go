package device

import (
	"crypto/tls"
	"fmt"

	"dps/shared/dps"
	"dps/shared/pki"
)

// IssueFrom gives a FleetConfig.NewDevice that makes each device a key and a manufacturer certificate of its own under ca;
// base says everything else. The device id in base is ignored: each device has its own.
func IssueFrom(ca *pki.Pair, base Config) func(i int) (Config, error) {
	return func(i int) (Config, error) {
		certificate, err := IssueManufacturer(ca, fmt.Sprintf("simulated device %d", i+1))
		if err != nil {
			return Config{}, err
		}
		base := base
		base.DeviceID, base.Manufacturer = "", certificate
		return base, nil
	}
}

// IssueManufacturer makes a key and a manufacturer certificate under ca. Errors: CodeInvalid where ca cannot sign.
func IssueManufacturer(ca *pki.Pair, commonName string) (tls.Certificate, error) {
	leaf, err := ca.NewLeaf(commonName)
	if err != nil {
		return tls.Certificate{}, dps.Wrap(dps.CodeInvalid, err, "manufacturer CA cannot sign a device certificate")
	}
	return leaf.TLS(), nil
}
