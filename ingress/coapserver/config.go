package coapserver

import (
	"crypto/tls"
	"log/slog"
	"time"

	"dps/shared/telemetry"
)

// Bounds that no configuration needs to move; each names the threat.
const (
	defaultHandshake  = 10 * time.Second // a peer that never finishes its handshake
	handshakeBytes    = 64 << 10         // a peer that sends certificates without end: 5 of 4 KiB and a hello fit easily
	defaultMessage    = 10 * time.Second // a peer that begins a message and does not end it
	writeTimeout      = 10 * time.Second // a peer that does not read
	discoveryTimeout  = 5 * time.Second  // a peer that does not answer GET /oic/res (UDP: the wait costs a goroutine)
	defaultHalfOpen   = 2048             // handshakes at once
	defaultMaxConns   = 32768            // connections at once
	acceptRetryDelay  = 50 * time.Millisecond
	transferTimeout   = 10 * time.Second // one block-wise transfer
	receiveBufferSize = 4 << 20          // bytes the kernel holds for the UDP socket: a burst of hellos
)

// Config is what a Server needs.
type Config struct {
	Address           string   // HOST:PORT, for both protocols
	Protocols         []string // "tcp", "udp"
	MaxMessageSize    int      // bytes a peer may send in a message
	MessagePoolSize   uint32   // messages kept for reuse (UDP)
	InactivityTimeout time.Duration
	BlockwiseEnabled  bool          // UDP; over TCP the device has none
	BlockwiseSize     int           // bytes: 16 to 1024, a power of two
	MaxHalfOpen       int           // 0: defaultHalfOpen
	MaxConnections    int           // 0: defaultMaxConns
	HandshakeTimeout  time.Duration // 0: defaultHandshake
	MessageTimeout    time.Duration // 0: defaultMessage
	// Certificate gives the service's certificate; it is asked at each handshake, so that a new one needs no restart.
	Certificate func() (*tls.Certificate, error)
	Admitter    Admitter
	Log         *slog.Logger
	// Count counts events by name and reason, for telemetry.
	Count func(name, reason string)
	// Observe is told how long each handshake took: "handshake", the transport, "ok" or the reason. nil: nobody is.
	Observe func(name, label, outcome string, took time.Duration)
	// Tracer begins a trace with each connection. nil: there are none.
	Tracer *telemetry.Tracer
}

func (c Config) withDefaults() Config {
	if c.MaxHalfOpen == 0 {
		c.MaxHalfOpen = defaultHalfOpen
	}
	if c.MaxConnections == 0 {
		c.MaxConnections = defaultMaxConns
	}
	if c.HandshakeTimeout == 0 {
		c.HandshakeTimeout = defaultHandshake
	}
	if c.MessageTimeout == 0 {
		c.MessageTimeout = defaultMessage
	}
	if c.Observe == nil {
		c.Observe = func(string, string, string, time.Duration) {}
	}
	return c
}
