package device

import (
	"context"

	"dps/shared/dps"
)

// Renew asks for a new identity certificate: one connection with the manufacturer certificate, step 4 alone. The result
// replaces the device's own. Errors: CodeInvalid before the first provisioning; *Error.
func (d *Device) Renew(ctx context.Context) (*Result, error) {
	if d.result == nil {
		return nil, dps.Errorf(dps.CodeInvalid, "device %s is not provisioned: call Provision before Renew", d.id)
	}
	to, err := parseEndpoint(d.result.Endpoint)
	if err != nil {
		return nil, stepError(StepHandshake, faultf(ReasonConnect, "%w", err))
	}
	r := newRun(d, 0)
	r.to = to
	renewed := *d.result
	renewed.Redirects = nil
	r.result = &renewed
	defer r.close()
	if err := r.step(ctx, StepCredentials); err != nil {
		return nil, err
	}
	r.finish()
	d.result = r.result
	return r.result, nil
}
