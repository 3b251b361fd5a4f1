package oauth

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/golang-jwt/jwt/v5"
)

// core is what servers beside each other share.
type core struct {
	fault   atomic.Pointer[Fault]
	minted  atomic.Uint64
	mu      sync.Mutex
	issuers []string
	keys    []signingKey // the last one signs; the older ones still verify
}

// Beside is the same server under another issuer, with more clients: the tokens of either are verified by both.
func (s *Server) Beside(issuer string, more ...Client) *Server {
	o := s.o
	o.Issuer, o.Clients = issuer, slices.Concat(o.Clients, more)
	return newServer(s.core, o)
}

// SetFault makes the server misbehave; nil mends it.
func (c *core) SetFault(f *Fault) { c.fault.Store(f) }

// Minted is how many access tokens were handed out.
func (c *core) Minted() uint64 { return c.minted.Load() }

// Verify checks an access token as the hub's services do: signature, issuer and validity. Errors say what is wrong; the
// claims are to be used only without one.
func (s *Server) Verify(token string) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, s.key, jwt.WithValidMethods([]string{"ES256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.o.Now))
	if err != nil {
		return claims, err
	}
	issuer, err := claims.GetIssuer()
	if err == nil && !s.isIssuer(issuer) {
		err = jwt.ErrTokenInvalidIssuer
	}
	return claims, err
}

func (c *core) addIssuer(issuer string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.issuers = append(c.issuers, issuer)
}

func (c *core) isIssuer(issuer string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Contains(c.issuers, issuer)
}
