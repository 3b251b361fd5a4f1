package member

import (
	"context"
	"time"

	"dps/client/d2d/settings"
	"dps/shared/bearer"
	"dps/shared/dps"
)

// seenToken is the last good token that a request bore: with it the certificate can be renewed while the user is around. It is never
// stored.
type seenToken struct {
	header string
	expiry time.Time
}

// Authorize checks the Authorization header of a request, as plgd's client does: a client with an identity certificate wants a token
// of the same owner, one with a pre-shared key wants none, and one that is to get a certificate lets nobody in before it has it.
// Errors: unauthenticated, precondition, CodeUnavailable.
func (m *Member) Authorize(ctx context.Context, header string) error {
	c, epoch := m.snapshot()
	if c.way == WayNone && m.device().Authentication == settings.X509 {
		return precondition("not initialized: initialize the client first (POST /api/v1/initialize with a token)")
	}
	v := m.verifierOf(c)
	if v == nil {
		return nil
	}
	caller, err := v.Verify(ctx, header)
	if err != nil {
		return unauthenticated(err)
	}
	if caller.Owner != c.identity.owner {
		return wrongOwner()
	}
	m.remember(caller, header, epoch)
	return nil
}

func (m *Member) remember(caller bearer.Caller, header string, epoch uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.epoch != epoch || m.now.way != WaySelf {
		return
	}
	m.seen = seenToken{header: header, expiry: caller.Expiry}
	if m.report.needsToken {
		m.rouse()
	}
}

// JWKS gives the keys by which tokens are verified, as JSON. Errors: CodeUnavailable where the client keeps none.
func (m *Member) JWKS() ([]byte, error) {
	c, _ := m.snapshot()
	if c.identity == nil || c.identity.jwks == nil {
		return nil, dps.Errorf(dps.CodeUnavailable, "the client keeps no keys: it has not been initialized by a browser")
	}
	return c.identity.jwks, nil
}

// Certificate gives the identity certificate's chain, PEM, leaf first, root last. Errors: CodeUnavailable where there is none.
func (m *Member) Certificate() ([]byte, error) {
	c, _ := m.snapshot()
	if c.identity == nil {
		return nil, dps.Errorf(dps.CodeUnavailable, "the client has no identity certificate")
	}
	return c.identity.chainPEM(), nil
}
