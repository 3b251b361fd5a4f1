package claim

import (
	"context"

	"dps/shared/dps"
)

// Hubs is what an owner's claim is settled by.
type Hubs interface {
	// Hub is dps.HubStore's.
	Hub(ctx context.Context, id string) (dps.Hub, error)
}

// OwnersHub gives the hub for which an owner, who is no device, asks. Errors: CodeInvalid, naming the field; CodeNotFound
// where the hub is gone or not the owner's; CodeUnavailable.
func OwnersHub(ctx context.Context, hubs Hubs, id, owner string) (dps.Hub, error) {
	for _, text := range []struct{ name, value string }{{"hubId", id}, {"owner", owner}} {
		if text.value == "" || len(text.value) > dps.MaxNameLength {
			return dps.Hub{}, dps.Errorf(dps.CodeInvalid, "%s: has %d bytes, want 1 to %d", text.name, len(text.value), dps.MaxNameLength)
		}
	}
	hub, err := hubs.Hub(ctx, id)
	if dps.CodeOf(err) == dps.CodeNotFound || err == nil && hub.Owner != owner {
		return dps.Hub{}, dps.Errorf(dps.CodeNotFound, "hub %s does not exist, or belongs to another owner", id)
	}
	return hub, err
}
