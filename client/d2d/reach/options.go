package reach

import (
	"crypto/x509"
	"log/slog"
	"time"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// Defaults of Options.
const (
	DefaultTimeout     = 10 * time.Second
	DefaultIdleTimeout = 2 * time.Minute
	DefaultWait        = 2 * time.Second
	DefaultMaxSessions = 32
	DefaultMaxDevices  = 1024
	DefaultMaxAnswer   = 64 << 10 // bytes
)

// Options are what a Client needs. Credentials is required.
type Options struct {
	// Credentials tells who the client is. It is asked for each call: a session of other credentials is not used again. Its
	// errors are passed on.
	Credentials       func() (Credentials, error)
	ManufacturerRoots *x509.CertPool // whose devices may be owned; nil: nobody's

	Interfaces    []string // names of those that discovery uses; none: all that are up and can multicast
	MulticastIPv4 []string // HOST:PORT; default ocf.MulticastIPv4
	MulticastIPv6 []string // HOST:PORT; default ocf.MulticastIPv6Link, …Realm, …Site

	Timeout     time.Duration // of a handshake, and of an answer
	IdleTimeout time.Duration // of a session that is kept
	MaxSessions int           // that are kept
	MaxDevices  int           // that are remembered
	MaxAnswer   int           // bytes of an answer, once its blocks are together

	Clock func() time.Time // judges certificates; default time.Now
	Log   *slog.Logger     // default: nowhere
}

func (o Options) check() (Options, error) {
	if o.Credentials == nil {
		return o, dps.Errorf(dps.CodeInvalid, "Options.Credentials is missing: give a function that tells who the client is")
	}
	orElse(&o.Timeout, DefaultTimeout)
	orElse(&o.IdleTimeout, DefaultIdleTimeout)
	orElse(&o.MaxSessions, DefaultMaxSessions)
	orElse(&o.MaxDevices, DefaultMaxDevices)
	orElse(&o.MaxAnswer, DefaultMaxAnswer)
	orElse(&o.Log, slog.New(slog.DiscardHandler))
	if o.Timeout < 0 || o.IdleTimeout < 0 || o.MaxSessions < 0 || o.MaxDevices < 0 || o.MaxAnswer < 0 {
		return o, dps.Errorf(dps.CodeInvalid, "Options: Timeout %v, IdleTimeout %v, MaxSessions %d, MaxDevices %d and MaxAnswer %d must not be negative",
			o.Timeout, o.IdleTimeout, o.MaxSessions, o.MaxDevices, o.MaxAnswer)
	}
	if len(o.MulticastIPv4) == 0 {
		o.MulticastIPv4 = []string{ocf.MulticastIPv4}
	}
	if len(o.MulticastIPv6) == 0 {
		o.MulticastIPv6 = []string{ocf.MulticastIPv6Link, ocf.MulticastIPv6Realm, ocf.MulticastIPv6Site}
	}
	if o.Clock == nil {
		o.Clock = time.Now
	}
	return o, nil
}

func orElse[T comparable](v *T, otherwise T) {
	var zero T
	if *v == zero {
		*v = otherwise
	}
}
