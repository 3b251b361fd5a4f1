// Package provisioning is the way of a device through the five steps (PROTOCOL §3). The files are the protocol's table of
// contents: service (who gets a session), session (a request's way), then one file per step:
//
//	time · ownership · cloudconfiguration · credentials · acls
//
// and codes, the one place where errors become CoAP codes.
package provisioning

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync/atomic"
	"time"

	"dps/ingress/coapserver"
	"dps/ingress/gate"
	"dps/shared/attestation"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/telemetry"
)

// StepTimeout bounds a step: the device gives up after 10 s and wants an answer, success or error, within 8
// (PROTOCOL §4).
const StepTimeout = 7 * time.Second

// Functions are what the steps call.
type Functions interface {
	Token(ctx context.Context, req contract.TokenRequest) (contract.TokenReply, error)
	Sign(ctx context.Context, req contract.SignRequest) (contract.SignReply, error)
}

// Options are what a Service needs.
type Options struct {
	Functions Functions
	Gate      *gate.Gate
	Record    func(dps.StepResult) // must not block
	Now       func() time.Time
	Log       *slog.Logger
	Count     func(name, reason string)
	// Observe is told how long each request took: "step", the step, the answer's CoAP code. nil: nobody is.
	Observe  func(name, label, outcome string, took time.Duration)
	DumpBody bool // log.dumpBody: log what is asked and answered, secrets redacted
	Running  int  // steps at once: taskQueue.goPoolSize
	Waiting  int  // steps that may wait for a turn: taskQueue.size
}

// Service gives each admitted connection its session.
type Service struct {
	o        Options
	turns    *turns
	instance string
	events   atomic.Uint64
}

var _ coapserver.Admitter = (*Service)(nil)

// New makes a service.
func New(o Options) *Service {
	if o.Observe == nil {
		o.Observe = func(string, string, string, time.Duration) {}
	}
	return &Service{o: o, turns: newTurns(o.Running, o.Waiting), instance: dps.NewUUID()[:8]}
}

// Admit asks the gate about the peer's certificates. A refusal is counted and logged here.
func (s *Service) Admit(ctx context.Context, peer coapserver.Peer) (coapserver.Session, error) {
	admission, err := s.admit(ctx, peer)
	if err != nil {
		s.o.Gate.Refused(err, peer.Certificates[0], peer.Remote.String())
		return nil, err
	}
	return &session{service: s, peer: peer, admission: admission}, nil
}

// admit asks the gate, and has the trace show what it said.
func (s *Service) admit(ctx context.Context, peer coapserver.Peer) (*gate.Admission, error) {
	ctx, span := telemetry.Begin(ctx, "attestation")
	admission, err := s.o.Gate.Admit(ctx, peer.Certificates)
	if refusal := (*attestation.Refusal)(nil); errors.As(err, &refusal) {
		span.Set(telemetry.Rule(string(refusal.Rule)))
	}
	if admission != nil {
		span.Set(telemetry.Group(admission.Group.GroupID), telemetry.Record(admission.RecordID))
	}
	span.End(err)
	return admission, err
}

// eventID is unique, and later ones of one ingress sort behind earlier ones.
func (s *Service) eventID() string {
	const base, width = 36, 8
	n := strconv.FormatUint(s.events.Add(1), base)
	for len(n) < width {
		n = "0" + n
	}
	return s.instance + "-" + n
}
