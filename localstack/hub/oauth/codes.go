package oauth

import (
	"maps"
	"sync"
	"time"
)

// codeLifetime is how long an authorization code is good, for one use.
const codeLifetime = time.Minute

// maxCodes bounds the codes that nobody has redeemed yet.
const maxCodes = 1000

// grantedCode is what a person agreed to.
type grantedCode struct {
	grant               grant
	challenge, redirect string
	expires             time.Time
}

// codes are the authorization codes that wait to be redeemed. The zero value is ready, and safe for concurrent use.
type codes struct {
	mu      sync.Mutex
	waiting map[string]grantedCode
}

// add keeps a code until its lifetime has passed; not ok: too many wait.
func (c *codes) add(code string, granted grantedCode, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.waiting == nil {
		c.waiting = make(map[string]grantedCode)
	}
	maps.DeleteFunc(c.waiting, func(_ string, g grantedCode) bool { return !now.Before(g.expires) })
	if len(c.waiting) >= maxCodes {
		return false
	}
	granted.expires = now.Add(codeLifetime)
	c.waiting[code] = granted
	return true
}

// take gives a code once, whatever is then made of it (RFC 6749 §4.1.2).
func (c *codes) take(code string, now time.Time) (grantedCode, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	granted, ok := c.waiting[code]
	delete(c.waiting, code)
	return granted, ok && now.Before(granted.expires)
}
