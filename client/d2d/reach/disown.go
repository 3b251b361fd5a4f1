package reach

import (
	"context"

	"github.com/fxamacker/cbor/v2"
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// Disown gives a device up: it forgets its owner and everything it was provisioned with, and takes a new id. The one it had is
// unknown from here on. Errors: every Reason.
func (c *Client) Disown(ctx context.Context, id string) error {
	id, err := checkID(id)
	if err != nil {
		return err
	}
	body, err := cbor.Marshal(stateUpdate(ocf.StateReset))
	if err != nil {
		return dps.Wrap(dps.CodeInternal, err, "request cannot be written")
	}
	a, err := c.do(ctx, id, request{method: codes.POST, href: ocf.PathPstat, body: body})
	if err != nil {
		return err
	}
	if err := refusal(id, ocf.PathPstat, a.code); err != nil {
		return err
	}
	c.known.forget(id)
	c.sessions.end(ctx, id)
	return nil
}
