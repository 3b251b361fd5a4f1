package device

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// maxRedirects bounds how often one provisioning is sent elsewhere.
const maxRedirects = 4

// noGateway is what the device sends as its selected gateway before it has one (PROTOCOL §3).
var noGateway = ocf.Endpoint{URI: "coaps+tcp://127.0.0.1", ID: dps.NilUUID}

// Provision takes all steps, starting over after a failure up to MaxAttempts times. The result is the device's own from
// then on. Errors: *Error of the last attempt, which unwraps to the context's error where that ended it.
func (d *Device) Provision(ctx context.Context) (*Result, error) {
	for attempt := 1; ; attempt++ {
		r := newRun(d, attempt)
		err := r.provision(ctx)
		if err == nil {
			d.result = r.result
			return r.result, nil
		}
		if ctx.Err() != nil || attempt >= d.cfg.MaxAttempts {
			return nil, err
		}
		d.observe(Event{Kind: EventRestart, Attempt: attempt, Wait: d.cfg.RetryDelay, Err: err})
		if waitErr := d.cfg.Sleep(ctx, d.cfg.RetryDelay); waitErr != nil {
			return nil, errors.Join(err, waitErr)
		}
	}
}

// run is one pass through the steps, from an empty result.
type run struct {
	*session
	result *Result
}

func newRun(d *Device, attempt int) *run {
	return &run{
		session: &session{d: d, certificate: d.cfg.Manufacturer, roots: d.cfg.ServerRoots, attempt: attempt},
		result:  &Result{DeviceID: d.id, Attempts: attempt},
	}
}

func (r *run) provision(ctx context.Context) error {
	to, err := parseEndpoint(r.d.cfg.Endpoint)
	if err != nil {
		return stepError(StepHandshake, faultf(ReasonConnect, "%w", err))
	}
	r.to = to
	defer r.close()
	for _, step := range r.d.cfg.Order.steps() {
		if err := r.step(ctx, step); err != nil {
			return err
		}
		if step == StepTime {
			r.close() // the second connection carries all the rest
		}
	}
	r.finish()
	return r.result.checkWhole()
}

// step takes one provisioning step.
func (r *run) step(ctx context.Context, step Step) error {
	x, err := r.exchange(step)
	if err != nil {
		return stepError(step, faultf(ReasonBody, "cannot make the request: %w", err))
	}
	return r.do(ctx, x)
}

// exchange says what to ask in a step and who verifies the answer.
func (r *run) exchange(step Step) (exchange, error) {
	x := exchange{step: step, request: get(step.path()), want: []codes.Code{codes.Content}}
	var err error
	switch step {
	case StepTime:
		x.accept = r.acceptTime
	case StepOwnership:
		x.accept = r.acceptOwnership
	case StepCloud:
		x.want, x.accept = []codes.Code{codes.Changed}, r.redirecting(r.acceptCloud)
		x.request, err = post(step.path(), r.withGateway(pairs{{"di", r.d.id}}))
	case StepCredentials:
		x.want, x.accept = []codes.Code{codes.Changed}, r.redirecting(r.acceptCredentials)
		x.request, err = r.credentialsRequest()
	case StepACLs:
		x.accept = r.redirecting(r.acceptACLs)
	default:
		err = fmt.Errorf("%q is no provisioning step", step)
	}
	return x, err
}

// withGateway adds the selected gateway to a request.
func (r *run) withGateway(body pairs) pairs {
	if r.d.cfg.OmitSelectedGateway {
		return body
	}
	selected := noGateway
	if r.result.Cloud.GatewayURI != "" {
		selected = ocf.Endpoint{URI: r.result.Cloud.GatewayURI, ID: r.result.Cloud.HubID}
	}
	return append(body, pair{"selectedGateway", pairs{{"uri", selected.URI}, {"id", selected.ID}}})
}

// redirecting verifies an answer, then follows its redirecturi, if any: the next step goes there.
func (r *run) redirecting(accept func(object) error) func([]byte) error {
	return func(payload []byte) error {
		body, err := decodeBody(payload)
		if err != nil {
			return err
		}
		if err := accept(body); err != nil || !body.has("redirecturi") {
			return err
		}
		uri, err := body.text("redirecturi")
		if err != nil {
			return err
		}
		return r.follow(uri)
	}
}

func (r *run) follow(uri string) error {
	to, err := parseEndpoint(uri)
	if err != nil {
		return faultf(ReasonBody, "body.redirecturi %q: %w", uri, err)
	}
	if to == r.to {
		return nil
	}
	if len(r.result.Redirects) >= maxRedirects {
		return faultf(ReasonRedirects, "to %q after %d others", uri, maxRedirects)
	}
	r.result.Redirects = append(r.result.Redirects, uri)
	r.redirect(to)
	return nil
}

// finish puts what the session measured into the result.
func (r *run) finish() {
	r.result.Endpoint, r.result.Timings, r.result.Handshakes = r.to.uri, r.timings, r.handshakes
	r.result.ServerChain = append([]*x509.Certificate(nil), r.server...)
}
