// Package stack is everything a device needs, in one process: the stand-in hub, the provisioning service in embedded mode,
// and a maker of devices. The demo, the end-to-end tests and the benchmark stand on it.
package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"dps/client/device"
	"dps/ingress"
	"dps/localstack/hub"
	"dps/shared/config"
	"dps/shared/dps"
	"dps/shared/pki"
	"dps/shared/telemetry"
)

// The enrollment group that the stack configures, and its owner: those of seed 001's example.
const (
	GroupID = "98be12de-3991-4567-aeea-edd9a656e6df"
	Owner   = "1"
)

// The files of the stack's folder that are not certificates. FileKey is the group's pre-shared key, by which devices know their owner.
const (
	FileConfig   = "dps.yaml"
	FileDatabase = "dps.db"
	FileKey      = "pre-shared-key"
)

// Options say where the stack lives; the zero value of each but Dir is a default.
type Options struct {
	Dir       string // required; made where it is not there
	Host      string // 127.0.0.1
	Port      string // of the service, TCP and UDP; 0: any
	APIPort   string // of the REST API and the console, on 127.0.0.1; 0: any
	Protocols []string
	Log       *slog.Logger
	Hub       hub.Options
	Ingress   ingress.Options
	// Configure changes the configuration after it was read from its file, when the hub is up and the service is not.
	Configure func(context.Context, *config.Config) error
}

// Stack runs until it is stopped.
type Stack struct {
	PKI     *PKI
	Hub     *hub.Hub
	Service *ingress.Service
	Dir     string

	stop func()
	done chan error
	once sync.Once
	err  error
}

// Start makes what is missing in the folder, starts the hub and the service, and gives the stack. Errors: of files,
// sockets, configuration.
func Start(ctx context.Context, o Options) (*Stack, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	s := &Stack{Dir: o.Dir, done: make(chan error, 1)}
	if s.PKI, err = loadPKI(o.Dir, o.Host); err != nil {
		return nil, err
	}
	if s.Hub, err = hub.Start(context.WithoutCancel(ctx), o.Hub); err != nil {
		return nil, err
	}
	if s.Service, err = s.newService(ctx, o); err != nil {
		s.Hub.Close()
		return nil, err
	}
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	s.stop = stop
	go func() { s.done <- s.Service.Run(run) }()
	return s, nil
}

func (s *Stack) newService(ctx context.Context, o Options) (*ingress.Service, error) {
	cfg, err := s.writeConfig(o)
	if err != nil {
		return nil, err
	}
	if o.Configure != nil {
		if err := o.Configure(ctx, &cfg); err != nil {
			return nil, err
		}
	}
	return ingress.New(ctx, cfg, o.Ingress)
}

func (o Options) withDefaults() (Options, error) {
	if o.Host == "" {
		o.Host = "127.0.0.1"
	}
	o.Port, o.APIPort = cmp.Or(o.Port, "0"), cmp.Or(o.APIPort, "0")
	if len(o.Protocols) == 0 {
		o.Protocols = []string{config.ProtocolTCP, config.ProtocolUDP}
	}
	if o.Log == nil {
		o.Log = telemetry.Discard()
	}
	if o.Ingress.Log == nil {
		o.Ingress.Log = o.Log
	}
	if o.Hub.Log == nil {
		o.Hub.Log = o.Log
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return o, err
	}
	o.Hub.PeopleAddress = cmp.Or(o.Hub.PeopleAddress, "127.0.0.1:0")
	o.Dir, o.Hub.Dir, o.Hub.Host = dir, filepath.Join(dir, "hub"), o.Host
	return o, nil
}

// Stop drains the service, then closes the hub. Errors: what did not end well. It may be called again.
func (s *Stack) Stop() error {
	s.once.Do(func() {
		s.stop()
		s.err = <-s.done
		s.Hub.Close()
	})
	return s.err
}

// Endpoint is where devices connect over the protocol, "tcp" or "udp".
func (s *Stack) Endpoint(protocol string) string {
	scheme := map[string]string{"tcp": "coaps+tcp", "udp": "coaps"}[protocol]
	return scheme + "://" + s.Service.Addr(protocol).String()
}

// NewDevice is a device fresh from the factory: a key and a manufacturer certificate of its own.
func (s *Stack) NewDevice(protocol, name string, opts ...pki.Option) (device.Config, error) {
	leaf, err := s.PKI.Manufacturer.NewLeaf(name, append([]pki.Option{pki.Validity(time.Now().Add(-time.Hour), time.Now().AddDate(20, 0, 0))}, opts...)...)
	if err != nil {
		return device.Config{}, err
	}
	return device.Config{
		Endpoint: s.Endpoint(protocol), Manufacturer: leaf.TLS(), ServerRoots: s.PKI.ServiceRoot.Pool(), GatewayRoots: s.Hub.PKI.Root.Pool(),
	}, nil
}

// RecordID is the id of the record of a device's manufacturer key.
func RecordID(c device.Config) string {
	return dps.RecordID(c.Manufacturer.Leaf.RawSubjectPublicKeyInfo)
}

// configFile is the service's configuration, in seed 002's shape.
const configFile = `# Written by the local stack at each start: a configuration as the service takes it.
# docs/configuration.md names every property.
log:
  encoding: console
apis:
  coap:
    address: %s
    protocols: [%s]
    tls:
      certFile: %s
      keyFile: %s
  http:
    enabled: true
    address: %s
    tls:
      enabled: false # on the loopback address, so that a browser takes it as it is
    authorization:
      authority: %s
      audience: %s
      ownerClaim: %s
      webClientID: %s
      cliClientID: %s
      scopes: [openid, profile, "dps:read", "dps:write", "dps:admin"]
clients:
  storage:
    bolt:
      path: %s
enrollmentGroups:
  - id: %s
    owner: %s
    name: Acme Devices
    preSharedKeyFile: %s
    attestationMechanism:
      x509:
        certificateChain: %s
    hub:
%s`

func (s *Stack) writeConfig(o Options) (config.Config, error) {
	path := func(name string) string { return strconv.Quote(filepath.Join(o.Dir, name)) }
	if err := makeKey(filepath.Join(o.Dir, FileKey)); err != nil {
		return config.Config{}, err
	}
	text := fmt.Sprintf(configFile, strconv.Quote(net.JoinHostPort(o.Host, o.Port)), strings.Join(o.Protocols, ", "), path(fileService+".crt"), path(fileService+".key"),
		strconv.Quote(net.JoinHostPort("127.0.0.1", o.APIPort)), s.Hub.PeopleURL(), hub.DefaultPeopleAudience, cmp.Or(o.Hub.OwnerClaim, hub.DefaultOwnerClaim), hub.ConsoleClientID, hub.CLIClientID,
		path(FileDatabase), GroupID, strconv.Quote(Owner), path(FileKey), path(fileManufacturerChain), s.Hub.ConfigYAML("      "))
	file := filepath.Join(o.Dir, FileConfig)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return config.Config{}, err
	}
	return config.Load(file)
}

// makeKey writes a random pre-shared key of 16 characters where there is none.
func makeKey(path string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600) //nolint:gosec // a file of the stack's own folder
	if errors.Is(err, os.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(dps.NewUUID()[:8] + dps.NewUUID()[:8])
	return errors.Join(err, f.Close())
}
