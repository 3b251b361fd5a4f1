package device

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"dps/shared/dps"
)

// Defaults of a Config; those of the real device where PROTOCOL names them.
const (
	DefaultDeviceType    = "oic.d.light"
	DefaultRetryDelay    = 10 * time.Second
	DefaultMaxRetryDelay = 2 * time.Minute
	DefaultMaxAttempts   = 3
	DefaultMinRemaining  = time.Hour
)

// Config says what a device is, whom it trusts and how patient it is. Endpoint, Manufacturer and ServerRoots are required.
type Config struct {
	Endpoint     string          // coaps+tcp://HOST:PORT or coaps://HOST:PORT
	Manufacturer tls.Certificate // leaf, intermediates and key: what the service attests
	ServerRoots  *x509.CertPool  // the trust anchors for the provisioning service's certificate
	GatewayRoots *x509.CertPool  // trusted at the gateway beside the provisioned trust anchors; nil: none

	MinVersion uint16 // tls.VersionTLS12 (default) or tls.VersionTLS13; DTLS is 1.2 always
	MaxVersion uint16 // default tls.VersionTLS12, as the real device

	DeviceID            string // UUID; default: random
	DeviceType          string // default DefaultDeviceType
	Order               Order
	OmitSelectedGateway bool     // leave selectedGateway out of the requests
	LocalEndpoints      []string // what a GET /oic/res of the service is answered; default: one made-up address
	SilentDiscovery     bool     // leave that GET unanswered

	Timeouts      []time.Duration // of an answer, by how often it failed in a row; default 10, 20, 40, 80, 120 s
	RetryDelay    time.Duration   // before starting over, and before a step again where Max-Age is absent
	MaxRetryDelay time.Duration   // bounds a Max-Age
	MaxAttempts   int             // full provisionings before Provision gives up
	MinRemaining  time.Duration   // of the identity certificate's validity: what expires sooner is rejected

	Observer func(Event)      // called one event at a time; default: nobody
	Clock    func() time.Time // default time.Now; the device corrects it by the time that the service tells
	Sleep    func(context.Context, time.Duration) error
	Dial     func(ctx context.Context, network, address string) (net.Conn, error)
}

// check fills in the defaults and reports every problem at once, as CodeInvalid.
func (c Config) check() (Config, error) {
	c = c.withDefaults()
	return c, errors.Join(append(c.checkTrust(), c.checkBehaviour()...)...)
}

func (c Config) withDefaults() Config {
	orElse(&c.MinVersion, uint16(tls.VersionTLS12))
	orElse(&c.MaxVersion, max(c.MinVersion, tls.VersionTLS12))
	orElse(&c.DeviceID, dps.NewUUID())
	orElse(&c.DeviceType, DefaultDeviceType)
	orElse(&c.RetryDelay, DefaultRetryDelay)
	orElse(&c.MaxRetryDelay, DefaultMaxRetryDelay)
	orElse(&c.MaxAttempts, DefaultMaxAttempts)
	orElse(&c.MinRemaining, DefaultMinRemaining)
	if len(c.Timeouts) == 0 {
		c.Timeouts = []time.Duration{10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 120 * time.Second}
	}
	if c.LocalEndpoints == nil {
		c.LocalEndpoints = []string{"coaps://192.0.2.1:5684"} // RFC 5737: an address that nobody has
	}
	c.withDefaultFuncs()
	return c
}

func (c *Config) withDefaultFuncs() {
	if c.Observer == nil {
		c.Observer = func(Event) {}
	}
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
}

func (c Config) checkTrust() []error {
	var errs []error
	to, err := parseEndpoint(c.Endpoint)
	if err != nil {
		errs = append(errs, dps.Errorf(dps.CodeInvalid, "Endpoint %q: %v", c.Endpoint, err))
	}
	if to.network == networkUDP && c.MinVersion > tls.VersionTLS12 {
		errs = append(errs, dps.Errorf(dps.CodeInvalid, "MinVersion: %s over %s is not possible, DTLS is 1.2; use TLS 1.2 or coaps+tcp",
			tls.VersionName(c.MinVersion), c.Endpoint))
	}
	if len(c.Manufacturer.Certificate) == 0 || c.Manufacturer.PrivateKey == nil {
		errs = append(errs, dps.Errorf(dps.CodeInvalid, "Manufacturer: certificate and private key are both required"))
	}
	if c.ServerRoots == nil {
		errs = append(errs, dps.Errorf(dps.CodeInvalid, "ServerRoots is missing: give the certificates that the service's chain ends in"))
	}
	return errs
}

func (c Config) checkBehaviour() []error {
	var errs []error
	if _, ok := dps.ParseUUID(c.DeviceID); !ok {
		errs = append(errs, dps.Errorf(dps.CodeInvalid, "DeviceID %q is not a UUID", c.DeviceID))
	}
	versions := []uint16{tls.VersionTLS12, tls.VersionTLS13}
	if !slices.Contains(versions, c.MinVersion) || !slices.Contains(versions, c.MaxVersion) || c.MinVersion > c.MaxVersion {
		errs = append(errs, dps.Errorf(dps.CodeInvalid, "MinVersion %s to MaxVersion %s: use TLS 1.2 and 1.3, the lower one first",
			tls.VersionName(c.MinVersion), tls.VersionName(c.MaxVersion)))
	}
	if c.Order != OrderNew && c.Order != OrderOld {
		errs = append(errs, dps.Errorf(dps.CodeInvalid, "Order %d is neither OrderNew nor OrderOld", c.Order))
	}
	for _, d := range append([]time.Duration{c.RetryDelay, c.MaxRetryDelay, c.MinRemaining}, c.Timeouts...) {
		if d < 0 {
			errs = append(errs, dps.Errorf(dps.CodeInvalid, "duration %v is negative", d))
		}
	}
	if c.MaxAttempts < 0 {
		errs = append(errs, dps.Errorf(dps.CodeInvalid, "MaxAttempts %d is negative", c.MaxAttempts))
	}
	return errs
}

// timeout is how long to wait for an answer after so many failures in a row.
func (c Config) timeout(failures int) time.Duration {
	return c.Timeouts[min(failures, len(c.Timeouts)-1)]
}

func orElse[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return fmt.Errorf("while waiting %v: %w", d, context.Cause(ctx))
	case <-t.C:
		return nil
	}
}
