package coapserver

import (
	"context"
	"errors"
	"net"
	"time"

	"dps/shared/telemetry"
)

// Transports as telemetry names them (OpenTelemetry semantic conventions, network.transport).
const (
	transportTCP = "tcp"
	transportUDP = "udp"
)

// traceConnection begins the trace of a connection: everything that happens on it is below.
func (s *Server) traceConnection(ctx context.Context, transport string, remote net.Addr) (context.Context, *telemetry.Span) {
	if s.cfg.Tracer == nil {
		return ctx, nil
	}
	host, _, _ := net.SplitHostPort(remote.String()) // a socket's address is one
	return s.cfg.Tracer.Serve(ctx, "device connection", telemetry.Transport(transport), telemetry.Peer(host))
}

// handshake runs one, and tells telemetry of it. Errors: do's.
func handshake[C any](ctx context.Context, s *Server, transport string, do func(context.Context) (C, Session, error)) (C, Session, error) {
	started := time.Now()
	ctx, span := telemetry.Begin(ctx, "handshake")
	conn, session, err := do(ctx)
	outcome := "ok"
	if err != nil {
		outcome = refusalReason(err)
		span.Fail(outcome)
	} else {
		span.End(nil)
	}
	s.cfg.Observe("handshake", transport, outcome, time.Since(started))
	return conn, session, err
}

// errNotAdmitted marks what the admitter refused; it has logged and counted why.
var errNotAdmitted = errors.New("not admitted")
