package sign

import (
	"context"
	"errors"

	"dps/shared/certauthority"
	"dps/shared/claim"
	"dps/shared/dps"
	"dps/shared/resilience"
)

// issue has the CSR signed and the answer checked. A token that the authority refuses may have been revoked after it was
// remembered: it is obtained anew, once.
func (h *Handler) issue(ctx context.Context, c claim.Claim, csr signingRequest) (*identity, error) {
	for last := false; ; last = true {
		token, err := h.tokens.OwnerToken(ctx, c.Hub, c.Group.Owner)
		if err != nil {
			return nil, err
		}
		issued, err := h.ask(ctx, c.Hub, token.Value, csr)
		if !errors.Is(err, certauthority.ErrTokenRefused) {
			return issued, err
		}
		h.tokens.ForgetOwnerToken(ctx, c.Hub, c.Group.Owner, token)
		if last {
			return nil, err
		}
	}
}

// ask calls the authority through the guard. An answer that is no good counts against the authority like none, but asking
// again at once would make it issue another.
func (h *Handler) ask(ctx context.Context, hub dps.Hub, token string, csr signingRequest) (*identity, error) {
	var issued *identity
	err := h.guard.Do(ctx, hub.ID, func(ctx context.Context) error {
		answer, err := h.authorities.Sign(ctx, hub, token, csr.pem)
		if err != nil {
			return err
		}
		issued, err = h.checkAnswer(answer, csr)
		return resilience.Final(err)
	})
	if err != nil {
		return nil, err
	}
	return issued, nil
}
