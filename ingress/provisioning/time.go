package provisioning

import (
	"context"

	"dps/shared/ocf"
)

// provideTime is step 1: GET /x.plgd.dev/time → {"time"}. The device sets its clock by it, and judges our certificate by
// that clock.
func provideTime(_ context.Context, x *exchange) (any, error) {
	return ocf.Time{Time: x.service.o.Now().UTC()}, nil
}
