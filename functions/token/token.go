// Package token is the function that obtains a device's access token (PROTOCOL §3, step 3, and §7):
// contract.TokenRequest → contract.TokenReply.
package token

import (
	"context"
	"time"

	"dps/shared/claim"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/oauth"
)

// Tokens obtains tokens. *oauth.Tokens is one.
type Tokens interface {
	// DeviceToken gives a token for the device. Errors: CodeUnavailable, CodeThrottled.
	DeviceToken(ctx context.Context, hub dps.Hub, owner, deviceID string) (oauth.Token, error)
	// OwnerToken gives a token for the owner, perhaps one that was obtained before. Errors: as DeviceToken.
	OwnerToken(ctx context.Context, hub dps.Hub, owner string) (oauth.Token, error)
	// ForgetOwnerToken drops one that was refused.
	ForgetOwnerToken(ctx context.Context, hub dps.Hub, owner string, refused oauth.Token)
}

// Handler is the function.
type Handler struct {
	desk   *claim.Desk
	hubs   claim.Hubs
	tokens Tokens
}

// New makes the function.
func New(store claim.Store, tokens Tokens, now func() time.Time) *Handler {
	return &Handler{desk: claim.NewDesk(store, now), hubs: store, tokens: tokens}
}

// Handle binds the device id to the manufacturer key and obtains a token for it. Done twice, the binding is the same and
// the second token is one more. Errors: as contract.Functions.Token.
func (h *Handler) Handle(ctx context.Context, req contract.TokenRequest) (contract.TokenReply, error) {
	c, err := h.desk.Settle(ctx, req.Device)
	if err != nil {
		return contract.TokenReply{}, err
	}
	t, err := h.tokens.DeviceToken(ctx, c.Hub, c.Group.Owner, c.Device.DeviceID)
	if err != nil {
		return contract.TokenReply{}, err
	}
	return contract.TokenReply{AccessToken: t.Value, Expiry: t.Expiry}, nil
}
