package device

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// maxTransients is how many transient failures in a row force a full re-provision (PROTOCOL §4).
const maxTransients = 3

// exchange is one step: what to ask, which codes mean success, and what to make of the answer.
type exchange struct {
	step    Step
	request request
	want    []codes.Code
	accept  func(payload []byte) error // errors: a fault
}

// session is a conversation with one server, over one connection after another.
type session struct {
	d           *Device
	to          endpoint
	certificate tls.Certificate
	roots       *x509.CertPool
	attempt     int

	link       link // nil: not connected
	failures   int  // transient, in a row
	server     []*x509.Certificate
	timings    []Timing
	handshakes []time.Duration
}

// do takes a step, again where the failure is transient. Errors: *Error.
func (s *session) do(ctx context.Context, x exchange) error {
	for tries := 1; ; tries++ {
		started := s.d.cfg.Clock()
		failure := s.try(ctx, x)
		if failure == nil {
			s.done(x.step, s.d.cfg.Clock().Sub(started), tries)
			return nil
		}
		if err := s.failed(ctx, failure); err != nil {
			return err
		}
	}
}

func (s *session) done(step Step, took time.Duration, tries int) {
	s.failures = 0
	s.timings = append(s.timings, Timing{Step: step, Duration: took, Tries: tries})
	s.d.observe(Event{Kind: EventDone, Step: step, Attempt: s.attempt, Duration: took})
}

// try connects if need be and makes the exchange once.
func (s *session) try(ctx context.Context, x exchange) *Error {
	ctx, cancel := context.WithTimeout(ctx, s.d.cfg.timeout(s.failures))
	defer cancel()
	if err := s.connect(ctx); err != nil {
		return stepError(StepHandshake, err)
	}
	answer, err := s.link.exchange(ctx, x.request)
	if err != nil {
		e := stepError(x.step, err)
		if !e.Transient {
			s.close()
		}
		return e
	}
	if err := answer.expect(x.step, x.want...); err != nil {
		return stepError(x.step, err)
	}
	if err := x.accept(answer.payload); err != nil {
		e := stepError(x.step, err)
		e.Code = answer.code
		return e
	}
	return nil
}

// failed tells of the failure and waits before the next try; what it returns is final.
func (s *session) failed(ctx context.Context, e *Error) error {
	s.d.observe(Event{Kind: EventFailed, Step: e.Step, Attempt: s.attempt, Err: e})
	if !e.Transient || ctx.Err() != nil {
		return e
	}
	s.failures++
	if s.failures >= maxTransients {
		return e
	}
	wait := s.d.cfg.RetryDelay
	switch {
	case e.RetryAfter > 0:
		wait = min(e.RetryAfter, s.d.cfg.MaxRetryDelay)
	case e.Reason == ReasonTimeout:
		wait = 0 // it waited already
	}
	s.d.observe(Event{Kind: EventRetry, Step: e.Step, Attempt: s.attempt, Wait: wait})
	if err := s.d.cfg.Sleep(ctx, wait); err != nil {
		return &Error{Step: e.Step, Reason: e.Reason, Code: e.Code, Detail: e.Detail, Transient: true, cause: errors.Join(err, e)}
	}
	return nil
}

func (s *session) connect(ctx context.Context) error {
	if s.link != nil {
		return nil
	}
	dial := dialer{cfg: s.d.cfg, certificate: s.certificate, roots: s.roots, now: s.d.now, discovery: s.discovery()}
	l, err := dial.dial(ctx, s.to)
	if err != nil {
		return err
	}
	s.link, s.server = l, l.peer()
	s.handshakes = append(s.handshakes, l.handshake())
	s.d.observe(Event{Kind: EventConnected, Step: StepHandshake, Attempt: s.attempt, Duration: l.handshake(),
		Endpoint: s.to.uri, Peer: s.server[0]})
	return nil
}

// redirect goes on at another server, over a new connection.
func (s *session) redirect(to endpoint) {
	s.close()
	s.to = to
	s.d.observe(Event{Kind: EventRedirect, Attempt: s.attempt, Endpoint: to.uri})
}

func (s *session) close() {
	if s.link != nil {
		s.link.close()
		s.link = nil
	}
}

func (s *session) discovery() discovery {
	cfg := s.d.cfg
	return discovery{deviceType: cfg.DeviceType, endpoints: cfg.LocalEndpoints, silent: cfg.SilentDiscovery, asked: func() {
		s.d.observe(Event{Kind: EventAsked, Attempt: s.attempt})
	}}
}
