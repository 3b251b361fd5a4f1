package member

import (
	"context"
	"crypto/ecdsa"
	"time"

	"dps/shared/bearer"
	"dps/shared/dps"
)

// maxPending bounds the challenges that wait for their certificate: the oldest goes first.
const maxPending = 16

// Challenge is what the user's browser takes to the signing service, and brings back with the certificate.
type Challenge struct {
	CSR   []byte // PEM
	State string // UUID; works once
}

// pendingChallenge is what a state stands for. Its key is the one that the certificate must be for.
type pendingChallenge struct {
	key         *ecdsa.PrivateKey
	jwks        []byte
	owner, user string
	epoch       uint64
	expires     time.Time
}

// challenges are bounded, and die with their epoch.
type challenges struct{ byState map[string]pendingChallenge }

func (c *challenges) clear() { c.byState = nil }

func (c *challenges) add(state string, p pendingChallenge, now time.Time) {
	if c.byState == nil {
		c.byState = make(map[string]pendingChallenge)
	}
	oldest := ""
	for s, other := range c.byState {
		if !now.Before(other.expires) {
			delete(c.byState, s)
		} else if oldest == "" || other.expires.Before(c.byState[oldest].expires) {
			oldest = s
		}
	}
	if len(c.byState) >= maxPending {
		delete(c.byState, oldest)
	}
	c.byState[state] = p
}

// take gives what the state stands for, once.
func (c *challenges) take(state string, now time.Time) (pendingChallenge, bool) {
	p, ok := c.byState[state]
	delete(c.byState, state)
	return p, ok && now.Before(p.expires)
}

// Challenge begins the initialization that the user's browser mediates: it verifies the token by the keys that come with it, and makes a
// key and its CSR for the token's owner. Whoever holds the CA of the domain decides in the end whose certificate that becomes: the
// keys are believed no further than the certificate. Errors: precondition, CodeInvalid, unauthenticated.
func (m *Member) Challenge(ctx context.Context, jwks []byte, authorization string) (Challenge, error) {
	epoch, err := m.fresh()
	if err != nil {
		return Challenge{}, err
	}
	if err := m.allowed(WayBrowser); err != nil {
		return Challenge{}, err
	}
	keys, err := parseJWKS(jwks)
	if err != nil {
		return Challenge{}, err
	}
	caller, err := m.verifyPinned(ctx, keys, authorization)
	if err != nil {
		return Challenge{}, err
	}
	return m.challenge(pendingChallenge{jwks: keys, owner: caller.Owner, user: caller.Subject, epoch: epoch})
}

func (m *Member) verifyPinned(ctx context.Context, jwks []byte, authorization string) (bearer.Caller, error) {
	v := m.pinned(jwks)
	defer v.Close()
	caller, err := v.Verify(ctx, authorization)
	if err != nil {
		return bearer.Caller{}, unauthenticated(err)
	}
	return caller, nil
}

// challenge makes the key, the CSR, and a state for what is known so far.
func (m *Member) challenge(p pendingChallenge) (Challenge, error) {
	key, csr, err := newRequest(p.owner)
	if err != nil {
		return Challenge{}, err
	}
	now := m.o.Now()
	p.key, p.expires = key, now.Add(m.remote().UserAgent.CSRChallengeStateExpiration)
	state := dps.NewUUID()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.epoch != p.epoch {
		return Challenge{}, precondition("the client was initialized or reset in the meantime")
	}
	m.pending.add(state, p, now)
	return Challenge{CSR: csr, State: state}, nil
}

var errState = dps.Errorf(dps.CodeInvalid, "state: is unknown, used already, or expired: begin the initialization again")

// Finish ends what Challenge or Renew began. The state is spent whatever comes of it. Errors: precondition, CodeInvalid for the state or
// the certificate, unauthenticated for a token that is not good, or of another user than began.
func (m *Member) Finish(ctx context.Context, state, authorization string, certificate []byte) error {
	p, initialized, ok := m.take(state)
	if !ok {
		if initialized {
			return precondition("already initialized: reset the client first")
		}
		return errState
	}
	caller, err := m.verifyPinned(ctx, p.jwks, authorization)
	if err != nil {
		return err
	}
	if caller.Owner != p.owner || caller.Subject != p.user {
		return wrongOwner()
	}
	chain, err := verifyChain(certificate, p.key, p.owner, m.o.Roots, m.o.Now())
	if err != nil {
		return err
	}
	i := &identity{owner: p.owner, user: p.user, key: p.key, chain: chain, jwks: p.jwks}
	return m.become(&current{way: WayBrowser, identity: i}, p.epoch, true)
}

func (m *Member) take(state string) (p pendingChallenge, initialized, ok bool) {
	if s, isUUID := dps.ParseUUID(state); isUUID {
		state = s
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	p, ok = m.pending.take(state, m.o.Now())
	return p, m.now.way != WayNone, ok
}
