package main

import (
	"fmt"
	"os"
	"path/filepath"
)

const (
	fileServiceConfig = "service.yaml"
	benchOwner        = "benchmark"
	benchGroupID      = "5b1b1c0e-3a1f-4f52-9b56-0d1f6c7a8e10"
)

// serviceConfig is the service's configuration: defaults, but for what measuring needs. The inactivity monitor must not
// close the connections whose idleness is measured.
const serviceConfig = `log:
  level: warn
apis:
  coap:
    address: 127.0.0.1:0
    inactivityMonitor:
      timeout: 10m
    tls:
      keyFile: %q
      certFile: %q
enrollmentGroups:
  - id: %s
    owner: %s
    preSharedKeyFile: "data:,0123456789abcdef"
    attestationMechanism:
      x509:
        certificateChain: %q
    hub:
%s`

// writeServiceConfig writes the configuration of the service role; hub is the YAML of the group's hub,
// indented for its place.
func writeServiceConfig(dir, hub string) error {
	at := func(name string) string { return filepath.Join(dir, name) }
	text := fmt.Sprintf(serviceConfig, at(fileServiceKey), at(fileServiceCert),
		benchGroupID, benchOwner, at(fileManufacturers), hub)
	return os.WriteFile(at(fileServiceConfig), []byte(text), 0o600)
}
