package oauth

import (
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// Fault is how the server misbehaves, for tests of those who use it.
type Fault struct {
	Delay    time.Duration     // before each answer
	Status   int               // not 0: answer this status to token requests
	Garbage  bool              // answer token requests with what is no JSON
	Claims   map[string]string // overrides claims of access tokens; an empty value removes one
	Lifetime time.Duration     // not 0: of tokens; negative ones have ended already
}

// apply changes a token's claims, and gives its lifetime.
func (f *Fault) apply(claims jwt.MapClaims, lifetime time.Duration) time.Duration {
	for name, value := range f.Claims {
		claims[name] = value
		if value == "" {
			delete(claims, name)
		}
	}
	if f.Lifetime != 0 {
		return f.Lifetime
	}
	return lifetime
}
