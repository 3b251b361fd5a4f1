package local

import (
	"crypto/tls"
	"errors"
	"log/slog"
	"net/netip"
	"time"

	"dps/client/device"
	"dps/shared/dps"
	"dps/shared/ocf"
)

// Defaults of a Config, and bounds that no configuration needs to move.
const (
	DefaultName             = "Simulated light"
	DefaultMaxSessions      = 16
	DefaultHandshakeTimeout = 10 * time.Second
	DefaultIdleTimeout      = 5 * time.Minute
	DefaultMaxMessage       = 16 << 10 // bytes

	minMessage   = 2 << 10
	maxSessions  = 4096
	maxGroups    = 32
	maxNameBytes = 64
)

// Config says what a device is and where it listens. Manufacturer is required.
type Config struct {
	Manufacturer tls.Certificate // leaf, intermediates and key: what an unowned device shows
	Provisioned  *Provisioned    // what it was given; nil: fresh from the factory
	DeviceID     string          // UUID of a fresh device; default: random
	Name         string          // at most 64 bytes; default DefaultName
	DeviceType   string          // default device.DefaultDeviceType

	Host      string  // IP address to listen at; default: every one of this machine
	Port      uint16  // of coap://; 0: any free one
	UDPPort   uint16  // of coaps://; 0: any free one
	TCPPort   uint16  // of coaps+tcp://; 0: any free one
	NoUDP     bool    // no coaps://
	NoTCP     bool    // no coaps+tcp://
	Multicast []Group // where it hears discovery; none: unicast alone

	MaxSessions      int           // secure sessions, their handshakes included; at most 4096
	HandshakeTimeout time.Duration // of a peer that does not finish its handshake, and of half a message
	IdleTimeout      time.Duration // of a silent session
	MaxMessage       int           // bytes of a request; at least 2 KiB

	Clock func() time.Time // judges certificates; default time.Now
	Log   *slog.Logger     // default: nowhere
}

// Group is a multicast group to join.
type Group struct {
	Interface string // its name, "eth0"; "": the system's choice
	Address   string // HOST:PORT, ocf.MulticastIPv4 for one; several devices of a machine can share it
}

// Provisioned is what a device holds once it has an owner.
type Provisioned struct {
	DeviceID string          // UUID
	Owner    string          // UUID
	Identity tls.Certificate // for DeviceID; empty: pre-shared keys alone
	Anchors  []device.Anchor // whom it trusts: the certificate, and whose client it may vouch for (ocf.SubjectAny: anybody)
	PSK      *device.PSK     // nil: none
	ACEs     []ocf.ACE
}

// FromDevice gives what a simulated device was provisioned with. Errors: CodeInvalid where it was not.
func FromDevice(d *device.Device, r *device.Result) (*Provisioned, error) {
	identity, ok := d.IdentityCertificate()
	if !ok || r == nil {
		return nil, dps.Errorf(dps.CodeInvalid, "device %s is not provisioned: Provision it first, or leave Provisioned out", d.ID())
	}
	return &Provisioned{DeviceID: d.ID(), Owner: r.Owner, Identity: identity, Anchors: r.TrustAnchors, PSK: r.PSK, ACEs: r.ACEs}, nil
}

// check fills in the defaults and reports every problem at once, as CodeInvalid.
func (c Config) check() (Config, error) {
	orElse(&c.Name, DefaultName)
	orElse(&c.DeviceType, device.DefaultDeviceType)
	orElse(&c.DeviceID, dps.NewUUID())
	orElse(&c.MaxSessions, DefaultMaxSessions)
	orElse(&c.HandshakeTimeout, DefaultHandshakeTimeout)
	orElse(&c.IdleTimeout, DefaultIdleTimeout)
	orElse(&c.MaxMessage, DefaultMaxMessage)
	orElse(&c.Log, slog.New(slog.DiscardHandler))
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return c, errors.Join(append(c.checkBounds(), c.checkIdentity()...)...)
}

func (c Config) checkBounds() []error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, dps.Errorf(dps.CodeInvalid, format, args...)) }
	if c.Host != "" {
		if _, err := netip.ParseAddr(c.Host); err != nil {
			bad("Host %q is no IP address: links must name one", c.Host)
		}
	}
	if len(c.Name) > maxNameBytes {
		bad("Name has %d bytes, at most %d are allowed", len(c.Name), maxNameBytes)
	}
	if c.MaxSessions < 1 || c.MaxSessions > maxSessions {
		bad("MaxSessions is %d, want 1 to %d", c.MaxSessions, maxSessions)
	}
	if c.MaxMessage < minMessage {
		bad("MaxMessage is %d bytes, want at least %d", c.MaxMessage, minMessage)
	}
	if c.HandshakeTimeout < 0 || c.IdleTimeout < 0 {
		bad("HandshakeTimeout %v and IdleTimeout %v must not be negative", c.HandshakeTimeout, c.IdleTimeout)
	}
	if c.NoUDP && c.NoTCP {
		bad("NoUDP and NoTCP together leave no secure way in")
	}
	if len(c.Multicast) > maxGroups {
		bad("Multicast has %d groups, at most %d are allowed", len(c.Multicast), maxGroups)
	}
	return errs
}

func (c Config) checkIdentity() []error {
	var errs []error
	if len(c.Manufacturer.Certificate) == 0 || c.Manufacturer.PrivateKey == nil {
		errs = append(errs, dps.Errorf(dps.CodeInvalid, "Manufacturer: certificate and private key are both required"))
	}
	if _, ok := dps.ParseUUID(c.DeviceID); !ok {
		errs = append(errs, dps.Errorf(dps.CodeInvalid, "DeviceID %q is not a UUID", c.DeviceID))
	}
	if p := c.Provisioned; p != nil {
		errs = append(errs, p.check()...)
	}
	return errs
}

func (p *Provisioned) check() []error {
	var errs []error
	for name, id := range map[string]string{"DeviceID": p.DeviceID, "Owner": p.Owner} {
		if _, ok := dps.ParseUUID(id); !ok {
			errs = append(errs, dps.Errorf(dps.CodeInvalid, "Provisioned.%s %q is not a UUID", name, id))
		}
	}
	if p.PSK != nil && len(p.PSK.Key.Reveal()) != keySize {
		errs = append(errs, dps.Errorf(dps.CodeInvalid, "Provisioned.PSK has %d bytes, want %d", len(p.PSK.Key.Reveal()), keySize))
	}
	if len(p.Identity.Certificate) == 0 && p.PSK == nil {
		errs = append(errs, dps.Errorf(dps.CodeInvalid, "Provisioned has neither Identity nor PSK: nobody could get in"))
	}
	return errs
}

func orElse[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}
