// Package oauth obtains access tokens from a hub's OAuth 2.0 server by the client credentials grant (RFC 6749 §4.4,
// PROTOCOL §7): for an owner, and for one device of his. It checks that a token says what it was asked to say.
//
// Nothing here verifies a token's signature: it comes straight from the token endpoint over TLS, which proves more than the
// signature would, and those it is meant for verify it themselves.
package oauth

import (
	"context"
	"time"

	"dps/shared/clientpool"
	"dps/shared/dps"
	"dps/shared/flight"
	"dps/shared/resilience"
)

// maxHubs bounds the hubs whose HTTP clients, discovery documents and tokens are kept.
const maxHubs = 1024

// fetchTimeout bounds one owner token's fetching, which goes on without the caller who started it.
const fetchTimeout = resilience.DefaultBudget

// Options may be left zero.
type Options struct {
	// Count is told of cache hits and misses ("oauth_client", "oauth_token"), of calls ("dependency") and of new tokens
	// ("token_minted", for an owner or a device). nil: nobody.
	Count func(name, reason string)
	// Gauge is given the state of the guard's breakers and how many clients are kept. nil: nobody is.
	Gauge func(name, label string, read func() float64) (stop func())
	// Guard is what calls go through. nil: one of its own.
	Guard *resilience.Guard
}

// Tokens obtains tokens for all hubs. It is safe for concurrent use.
type Tokens struct {
	secrets dps.Secrets
	now     func() time.Time
	count   func(name, reason string)
	guard   *resilience.Guard
	clients *clientpool.Pool[*client]
	flights *flight.Group[Token]
}

// New makes a Tokens that reads client secrets and keys from secrets. The last of opts counts.
func New(secrets dps.Secrets, now func() time.Time, opts ...Options) *Tokens {
	var o Options
	for _, last := range opts {
		o = last
	}
	if o.Count == nil {
		o.Count = func(string, string) {}
	}
	if o.Guard == nil {
		o.Guard = resilience.New("OAuth server", resilience.Options{Count: o.Count, Gauge: o.Gauge})
	}
	return &Tokens{
		secrets: secrets, now: now, count: o.Count, guard: o.Guard,
		clients: clientpool.New[*client](clientpool.Options{Name: "oauth_client", Size: maxHubs, Count: o.Count, Gauge: o.Gauge}),
		flights: flight.New[Token](fetchTimeout),
	}
}

// OwnerToken gives a token that speaks for the owner at the hub; it may be one that was obtained before and is still valid
// for a while. Errors: CodeUnavailable, CodeThrottled; an OAuth server that refuses, or answers what was not asked, is
// unavailable too, since a device cannot mend it.
func (t *Tokens) OwnerToken(ctx context.Context, hub dps.Hub, owner string) (Token, error) {
	lease, settings, err := t.client(ctx, hub)
	if err != nil {
		return Token{}, err
	}
	defer lease.Release()
	if k, ok := lease.Client().known.get(owner, t.now()); ok {
		t.count("oauth_token", "hit")
		return k.token, k.err
	}
	t.count("oauth_token", "miss")
	token, err := t.flights.Do(ctx, hub.ID+string(settings[:])+owner, func(ctx context.Context) (Token, error) {
		return t.fetchOwner(ctx, hub, owner)
	})
	if err != nil && ctx.Err() != nil {
		return Token{}, dps.Wrap(dps.CodeUnavailable, err, "the OAuth server did not answer in time")
	}
	return token, err
}

// DeviceToken gives a token for one device: always a new one where the hub binds tokens to devices, else the owner's.
// Errors: as OwnerToken.
func (t *Tokens) DeviceToken(ctx context.Context, hub dps.Hub, owner, deviceID string) (Token, error) {
	if hub.Authorization.DeviceIDClaim == "" {
		return t.OwnerToken(ctx, hub, owner)
	}
	lease, _, err := t.client(ctx, hub)
	if err != nil {
		return Token{}, err
	}
	defer lease.Release()
	return t.fetch(ctx, hub, lease, grant{owner: owner, deviceID: deviceID})
}

// ForgetOwnerToken drops a token that somebody refused, unless another has taken its place already: the next OwnerToken
// obtains a new one.
func (t *Tokens) ForgetOwnerToken(ctx context.Context, hub dps.Hub, owner string, refused Token) {
	lease, _, err := t.client(ctx, hub)
	if err != nil {
		return // no client, no tokens
	}
	defer lease.Release()
	lease.Client().known.forget(owner, refused)
}

// Close ends what is under way and closes all connections.
func (t *Tokens) Close() error {
	t.flights.Close()
	return t.clients.Close()
}

// client leases the hub's client. It is replaced whenever the hub's entry changes, and its tokens with it.
func (t *Tokens) client(ctx context.Context, hub dps.Hub) (*clientpool.Lease[*client], clientpool.Print, error) {
	settings, err := clientpool.PrintOf(struct {
		Version       uint64
		Authorization dps.Authorization
	}{hub.Version, hub.Authorization})
	if err != nil {
		return nil, settings, err
	}
	lease, err := t.clients.Get(ctx, hub.ID, settings, func(ctx context.Context) (*client, error) {
		return newClient(ctx, t.secrets, hub.Authorization, t.now)
	})
	return lease, settings, err
}

// fetchOwner obtains the owner's token and remembers it, or for a moment that there is none.
func (t *Tokens) fetchOwner(ctx context.Context, hub dps.Hub, owner string) (Token, error) {
	lease, _, err := t.client(ctx, hub)
	if err != nil {
		return Token{}, err
	}
	defer lease.Release()
	if k, ok := lease.Client().known.get(owner, t.now()); ok {
		return k.token, k.err // another flight landed between the caller's look and this one's start
	}
	token, err := t.fetch(ctx, hub, lease, grant{owner: owner})
	lease.Client().known.put(owner, token, err, t.now())
	return token, err
}

// fetch asks the hub's OAuth server, through the guard.
func (t *Tokens) fetch(ctx context.Context, hub dps.Hub, lease *clientpool.Lease[*client], g grant) (token Token, err error) {
	err = t.guard.Do(ctx, hub.ID, func(ctx context.Context) error {
		token, err = lease.Client().token(ctx, g)
		return err
	})
	if isRefusal(err) {
		lease.Outdate() // the secret may have been rotated: read it again
	}
	if err != nil {
		return Token{}, err
	}
	t.count("token_minted", g.speaksFor())
	return token, nil
}
