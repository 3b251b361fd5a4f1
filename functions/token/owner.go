package token

import (
	"context"

	"dps/shared/claim"
	"dps/shared/contract"
	"dps/shared/oauth"
)

// HandleOwner obtains a token that speaks for the owner of a hub. Nothing is bound. Errors: as
// contract.OwnerFunctions.OwnerToken.
func (h *Handler) HandleOwner(ctx context.Context, req contract.OwnerTokenRequest) (contract.TokenReply, error) {
	hub, err := claim.OwnersHub(ctx, h.hubs, req.HubID, req.Owner)
	if err != nil {
		return contract.TokenReply{}, err
	}
	if req.Refused != "" {
		h.tokens.ForgetOwnerToken(ctx, hub, req.Owner, oauth.Token{Value: req.Refused})
	}
	t, err := h.tokens.OwnerToken(ctx, hub, req.Owner)
	if err != nil {
		return contract.TokenReply{}, err
	}
	return contract.TokenReply{AccessToken: t.Value, Expiry: t.Expiry}, nil
}
