package oauth

import (
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
)

// How long what is known of an owner's token is used.
const (
	maxOwners      = 256                    // per hub; the least recently used gives way
	longestUse     = time.Hour              // however long the token is valid
	useUnlimited   = 30 * time.Second       // where the server names no end
	failureUse     = 500 * time.Millisecond // so that a crowd that waits does not ask one by one
	longestMargin  = time.Minute            // before its end a token is used no more ...
	marginFraction = 10                     // ... or this part of its life, if that is less
)

// known are the tokens of one hub's owners.
type known struct {
	byOwner *lru.Cache[string, knownToken]
}

type knownToken struct {
	token Token
	err   error
	until time.Time
}

func newKnown() known {
	byOwner, _ := lru.New[string, knownToken](maxOwners) // only a size below 1 is an error
	return known{byOwner}
}

// get gives what is known at the time: a token, or an error that is only moments old.
func (k known) get(owner string, now time.Time) (knownToken, bool) {
	e, ok := k.byOwner.Get(owner)
	return e, ok && now.Before(e.until)
}

func (k known) put(owner string, token Token, err error, now time.Time) {
	until := now.Add(failureUse)
	if err == nil {
		until = usableUntil(token.Expiry, now)
	}
	k.byOwner.Add(owner, knownToken{token: token, err: err, until: until})
}

func (k known) forget(owner string, refused Token) {
	if e, ok := k.byOwner.Peek(owner); ok && e.token.Value == refused.Value {
		k.byOwner.Remove(owner)
	}
}

// usableUntil leaves those to whom the token is shown time to look at it.
func usableUntil(expiry, now time.Time) time.Time {
	if expiry.IsZero() {
		return now.Add(useUnlimited)
	}
	life := expiry.Sub(now)
	return now.Add(min(life-min(longestMargin, life/marginFraction), longestUse))
}
