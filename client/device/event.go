package device

import (
	"crypto/x509"
	"time"
)

// EventKind is what an Event tells.
type EventKind string

// The kinds of events.
const (
	EventConnected EventKind = "connected"     // Duration of the TLS or DTLS handshake, Peer
	EventDone      EventKind = "done"          // Step, Duration from the request to the verified answer
	EventFailed    EventKind = "failed"        // Step, Err
	EventRetry     EventKind = "retry"         // the same step again after Wait
	EventRestart   EventKind = "restart"       // everything again after Wait
	EventRedirect  EventKind = "redirect"      // Endpoint is the new one
	EventAsked     EventKind = "asked-by-peer" // the service asked for the local endpoints
)

// Event is a moment in a device's life.
type Event struct {
	Kind     EventKind
	DeviceID string
	Step     Step
	Attempt  int // of the full provisioning, from 1; 0 at the gateway and in a renewal
	Duration time.Duration
	Wait     time.Duration
	Endpoint string
	Peer     *x509.Certificate
	Err      error
}
