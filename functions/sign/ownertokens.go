package sign

import (
	"context"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/oauth"
)

// How long an owner's token from the token function is used.
const (
	maxOwnerTokens = 256              // the least recently used gives way
	useEndless     = 30 * time.Second // where the token names no end
	ownerMargin    = time.Minute      // before its end it is used no more ...
	ownerFraction  = 10               // ... or this part of what was left of its life, if that is less
	ownerCounts    = "owner_token"
)

// TokenFunction is the token function, as far as it is needed here.
type TokenFunction interface {
	// OwnerToken is contract.OwnerFunctions'.
	OwnerToken(ctx context.Context, req contract.OwnerTokenRequest) (contract.TokenReply, error)
}

// OwnerTokens obtains owners' tokens from the token function: in the cloud, that one alone may read OAuth client secrets.
// It is safe for concurrent use.
type OwnerTokens struct {
	function TokenFunction
	now      func() time.Time
	count    func(name, reason string)
	known    *lru.Cache[ownerKey, ownerToken]
}

var _ Tokens = (*OwnerTokens)(nil)

// ownerKey changes with the hub's entry: its tokens go with its settings.
type ownerKey struct {
	hub     string
	version uint64
	owner   string
}

// ownerToken is a token to be used, or one that was refused, until another has come.
type ownerToken struct {
	token   oauth.Token
	until   time.Time
	refused bool
}

// NewOwnerTokens asks the function. count is told of "owner_token": "hit", "miss"; nil: nobody.
func NewOwnerTokens(function TokenFunction, now func() time.Time, count func(name, reason string)) *OwnerTokens {
	if count == nil {
		count = func(string, string) {}
	}
	known, _ := lru.New[ownerKey, ownerToken](maxOwnerTokens) // only a size below 1 is an error
	return &OwnerTokens{function: function, now: now, count: count, known: known}
}

// OwnerToken implements Tokens. Errors: CodeThrottled, CodeUnavailable; what else the function answers is no fault of the
// device's either, and is CodeUnavailable.
func (o *OwnerTokens) OwnerToken(ctx context.Context, hub dps.Hub, owner string) (oauth.Token, error) {
	key := ownerKey{hub.ID, hub.Version, owner}
	known, ok := o.known.Get(key)
	if ok && !known.refused && o.now().Before(known.until) {
		o.count(ownerCounts, "hit")
		return known.token, nil
	}
	o.count(ownerCounts, "miss")
	req := contract.OwnerTokenRequest{HubID: hub.ID, Owner: owner}
	if known.refused {
		req.Refused = known.token.Value
	}
	reply, err := o.function.OwnerToken(ctx, req)
	if err != nil {
		return oauth.Token{}, asTransient(err)
	}
	token := oauth.Token{Value: reply.AccessToken, Expiry: reply.Expiry}
	o.known.Add(key, ownerToken{token: token, until: usedUntil(token.Expiry, o.now())})
	return token, nil
}

// ForgetOwnerToken implements Tokens: the function is told with the next request, since it remembers the token, too.
func (o *OwnerTokens) ForgetOwnerToken(_ context.Context, hub dps.Hub, owner string, refused oauth.Token) {
	key := ownerKey{hub.ID, hub.Version, owner}
	if known, ok := o.known.Peek(key); ok && known.token.Value == refused.Value {
		o.known.Add(key, ownerToken{token: refused, refused: true})
	}
}

func asTransient(err error) error {
	if dps.IsTransient(err) {
		return err
	}
	return dps.Wrap(dps.CodeUnavailable, err, "the token function gives no token for the owner")
}

func usedUntil(expiry, now time.Time) time.Time {
	if expiry.IsZero() {
		return now.Add(useEndless)
	}
	return expiry.Add(-min(ownerMargin, expiry.Sub(now)/ownerFraction))
}
