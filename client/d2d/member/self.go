package member

import (
	"context"
	"strings"

	"dps/shared/bearer"
)

// InitializeSelf gets the client its identity certificate from the signing service, with the token of an Authorization header.
// Errors: precondition, CodeInvalid, unauthenticated, and those of the signing service.
func (m *Member) InitializeSelf(ctx context.Context, authorization string) error {
	return m.initializeSelf(ctx, authorization, "")
}

// initializeSelf keeps the refresh token of a log-in, too.
func (m *Member) initializeSelf(ctx context.Context, authorization, refresh string) error {
	epoch, err := m.fresh()
	if err != nil {
		return err
	}
	if err := m.allowed(WaySelf); err != nil {
		return err
	}
	caller, err := m.verifyByDiscovery(ctx, authorization)
	if err != nil {
		return err
	}
	i, err := m.issue(ctx, caller, authorization)
	if err != nil {
		return err
	}
	i.refresh = refresh
	return m.become(&current{way: WaySelf, identity: i}, epoch, true)
}

func (m *Member) verifyByDiscovery(ctx context.Context, authorization string) (bearer.Caller, error) {
	caller, err := m.discovery.Verify(ctx, authorization)
	if err != nil {
		return bearer.Caller{}, unauthenticated(err)
	}
	return caller, nil
}

// issue has a new key certified for the caller.
func (m *Member) issue(ctx context.Context, caller bearer.Caller, authorization string) (*identity, error) {
	ctx, cancel := m.context(ctx)
	defer cancel()
	key, csr, err := newRequest(caller.Owner)
	if err != nil {
		return nil, err
	}
	_, token, _ := strings.Cut(authorization, " ") // a bearer token: it has been verified
	signed, err := m.signer.sign(ctx, csr, token)
	if err != nil {
		return nil, err
	}
	chain, err := verifyChain(signed, key, caller.Owner, m.o.Roots, m.o.Now())
	if err != nil {
		return nil, err
	}
	return &identity{owner: caller.Owner, user: caller.Subject, key: key, chain: chain}, nil
}
