package token

import (
	"context"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/oauth"
)

// hubs is the part of the store that an owner's token is settled by.
type hubs interface {
	// Hub is dps.HubStore's.
	Hub(ctx context.Context, id string) (dps.Hub, error)
}

// forOwner obtains a token that speaks for the owner of a hub. Errors: CodeInvalid, naming the field; CodeNotFound where the
// hub is gone or not the owner's; CodeUnavailable, CodeThrottled.
func (h *Handler) forOwner(ctx context.Context, req contract.TokenRequest) (contract.TokenReply, error) {
	id, owner := req.Device.HubID, req.Device.Owner
	for _, text := range []struct{ name, value string }{{"device.hubId", id}, {"device.owner", owner}} {
		if text.value == "" || len(text.value) > dps.MaxNameLength {
			return contract.TokenReply{}, dps.Errorf(dps.CodeInvalid, "%s: has %d bytes, want 1 to %d", text.name, len(text.value), dps.MaxNameLength)
		}
	}
	hub, err := h.hubs.Hub(ctx, id)
	if dps.CodeOf(err) == dps.CodeNotFound || err == nil && hub.Owner != owner {
		return contract.TokenReply{}, dps.Errorf(dps.CodeNotFound, "hub %s does not exist, or belongs to another owner", id)
	}
	if err != nil {
		return contract.TokenReply{}, err
	}
	if req.Refused != "" {
		h.tokens.ForgetOwnerToken(ctx, hub, owner, oauth.Token{Value: req.Refused})
	}
	t, err := h.tokens.OwnerToken(ctx, hub, owner)
	if err != nil {
		return contract.TokenReply{}, err
	}
	return contract.TokenReply{AccessToken: t.Value, Expiry: t.Expiry}, nil
}
