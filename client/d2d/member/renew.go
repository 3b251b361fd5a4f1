package member

import (
	"context"
	"time"

	"dps/shared/dps"
)

// How Run waits.
const (
	maxWait    = time.Hour   // it looks at the clock at least so often: a machine may have slept
	firstRetry = time.Minute // doubled with each failure, up to maxWait
)

// report is how renewing goes.
type report struct {
	failures   int
	problem    string
	needsToken bool
	retryAt    time.Time
	page, code string // where a person is to log in
}

// Renew gets a new certificate before its time, or after it. A client that was initialized on its own does so with the token; for one that
// a browser initialized it gives a Challenge, as at the first time, whose token must be of the same owner and user, by the keys that
// are pinned. Errors: precondition, unauthenticated, and those of the signing service.
func (m *Member) Renew(ctx context.Context, authorization string) (*Challenge, error) {
	c, epoch := m.snapshot()
	if c.identity == nil {
		return nil, precondition("there is no identity certificate that could be renewed")
	}
	if c.way == WaySelf {
		return nil, m.renewSelf(ctx, c, epoch, authorization, c.identity.refresh)
	}
	caller, err := m.verifyPinned(ctx, c.identity.jwks, authorization)
	if err != nil {
		return nil, err
	}
	if caller.Owner != c.identity.owner || caller.Subject != c.identity.user {
		return nil, wrongOwner()
	}
	challenge, err := m.challenge(pendingChallenge{jwks: c.identity.jwks, owner: caller.Owner, user: caller.Subject, epoch: epoch})
	if err != nil {
		return nil, err
	}
	return &challenge, nil
}

func (m *Member) renewSelf(ctx context.Context, c *current, epoch uint64, authorization, refresh string) error {
	caller, err := m.verifyByDiscovery(ctx, authorization)
	if err != nil {
		return err
	}
	if caller.Owner != c.identity.owner {
		return wrongOwner()
	}
	i, err := m.issue(ctx, caller, authorization)
	if err != nil {
		return err
	}
	i.refresh = refresh
	if err := m.become(&current{way: WaySelf, identity: i}, epoch, true); err != nil {
		return err
	}
	m.o.Log.InfoContext(ctx, "identity certificate renewed", "notAfter", i.leaf().NotAfter.UTC())
	return nil
}

// Run renews the certificate in time, and gets the first one where a token file or the device flow is configured: at the
// first start, not after a reset. It ends with ctx.
func (m *Member) Run(ctx context.Context) {
	for {
		timer := time.NewTimer(m.tick(ctx))
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-m.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// tick does what is due, and gives how long to wait.
func (m *Member) tick(ctx context.Context) time.Duration {
	c, epoch := m.snapshot()
	now := m.o.Now()
	due, at := m.due(c, now)
	if !due {
		if at.IsZero() {
			return maxWait
		}
		return min(max(at.Sub(now), 0), maxWait)
	}
	err := m.attempt(ctx, c, epoch)
	if err == nil || ctx.Err() != nil || IsPrecondition(err) {
		return 0 // Run looks again, or ends
	}
	return m.failed(ctx, err, epoch)
}

// due tells whether something is to be done now, or when; never: the zero time.
func (m *Member) due(c *current, now time.Time) (bool, time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	var at time.Time
	switch {
	case c.way == WaySelf:
		at = c.identity.renewAt
	case c.way == WayBrowser:
		m.report.needsToken = !now.Before(c.identity.renewAt)
		return false, later(c.identity.renewAt, now)
	case c.way == WayNone && !c.reset && m.allowed(WaySelf) == nil && (m.remote().TokenFile != "" || m.remote().DeviceOAuthClient.ClientID != ""):
		at = now
	default:
		return false, time.Time{}
	}
	if m.report.needsToken && m.seen.header != "" && now.Before(m.seen.expiry) {
		return true, now // somebody has come
	}
	if at.Before(m.report.retryAt) {
		at = m.report.retryAt
	}
	return !now.Before(at), at
}

// later gives at, the zero time where it has passed.
func later(at, now time.Time) time.Time {
	if now.Before(at) {
		return at
	}
	return time.Time{}
}

func (m *Member) attempt(ctx context.Context, c *current, epoch uint64) error {
	if c.way == WaySelf {
		header, refresh, err := m.token(ctx, c.identity)
		if err == nil {
			err = m.rotate(epoch, refresh)
		}
		if err != nil {
			return err
		}
		return m.renewSelf(ctx, c, epoch, header, refresh)
	}
	if m.remote().TokenFile != "" {
		header, err := readTokenFile(m.remote().TokenFile)
		if err != nil {
			return err
		}
		return m.initializeSelf(ctx, header, "")
	}
	header, refresh, err := m.login().person(ctx, m.show)
	if err != nil {
		return err
	}
	return m.initializeSelf(ctx, header, refresh)
}

// show tells a person where to log in, here and in the status.
func (m *Member) show(page, code string) {
	m.mu.Lock()
	m.report.page, m.report.code = page, code
	m.mu.Unlock()
	if page != "" {
		m.o.Show(page, code)
	}
}

// failed notes a failure and gives how long to wait before the next attempt.
func (m *Member) failed(ctx context.Context, err error, epoch uint64) time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.epoch != epoch {
		return 0
	}
	wait := firstRetry << min(m.report.failures, 6)
	wait = min(wait, maxWait)
	wait += time.Duration(m.o.Jitter() * float64(wait/4))
	m.report.failures++
	m.report.problem = dps.AsError(err).Message
	m.report.needsToken = dps.CodeOf(err) == dps.CodeDenied
	m.report.retryAt = m.o.Now().Add(wait)
	if m.report.needsToken {
		m.seen = seenToken{} // it did not do, or there was none
	}
	m.o.Log.WarnContext(ctx, "the identity certificate could not be had", "error", err, "retryAt", m.report.retryAt.UTC())
	return wait
}
