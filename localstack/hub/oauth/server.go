// Package oauth is the stand-in hub's OAuth 2.0 server: discovery, signature keys, the client credentials grant with the
// owner's and the device's claim, and the authorization code grant with PKCE for people. It knows what it handed out, so
// that the hub's other parts can check what they are brought.
package oauth

import (
	"encoding/json"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// TokenLifetime is how long an access token is good.
const TokenLifetime = time.Hour

// Options are what a Server needs.
type Options struct {
	Issuer        string
	Clients       []Client
	OwnerClaim    string
	DeviceIDClaim string           // "": no token is bound to a device
	Now           func() time.Time // nil: time.Now
}

// Fault is how the server misbehaves, for tests of those who use it.
type Fault struct {
	Delay    time.Duration     // before each answer
	Status   int               // not 0: answer this status to token requests
	Garbage  bool              // answer token requests with what is no JSON
	Claims   map[string]string // overrides claims; an empty value removes one
	Lifetime time.Duration     // not 0: of tokens; negative ones have ended already
}

// Server is safe for concurrent use.
type Server struct {
	o      Options
	mux    *http.ServeMux
	fault  atomic.Pointer[Fault]
	minted atomic.Uint64
	codes  codes
	mu     sync.Mutex
	keys   []signingKey // the last one signs; the older ones still verify
}

// New makes a server with a fresh key. Errors: of the random source.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{o: o, mux: http.NewServeMux()}
	s.mux.HandleFunc("GET /.well-known/openid-configuration", s.discovery)
	s.mux.HandleFunc("GET /.well-known/jwks.json", s.jwks)
	s.mux.HandleFunc("POST /oauth/token", s.token)
	s.mux.HandleFunc("GET /authorize", s.authorization(s.showLogin))
	s.mux.HandleFunc("POST /authorize", s.authorization(s.logIn))
	return s, s.RotateKey()
}

// ServeHTTP answers a request, as a fault wants it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f := s.fault.Load(); f != nil && f.Delay > 0 {
		select {
		case <-time.After(f.Delay):
		case <-r.Context().Done():
			return
		}
	}
	s.mux.ServeHTTP(w, r)
}

// SetFault makes the server misbehave; nil mends it.
func (s *Server) SetFault(f *Fault) { s.fault.Store(f) }

// Minted is how many access tokens were handed out.
func (s *Server) Minted() uint64 { return s.minted.Load() }

// Verify checks an access token as the hub's services do: signature, issuer and validity. Errors say what is wrong; the
// claims are to be used only without one.
func (s *Server) Verify(token string) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, s.key, jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(s.o.Issuer),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.o.Now))
	return claims, err
}

// mint signs an access token.
func (s *Server) mint(c Client, subject string, extra map[string]string) (token string, lifetime time.Duration, err error) {
	now := s.o.Now()
	lifetime = TokenLifetime
	claims := jwt.MapClaims{"iss": s.o.Issuer, "sub": subject, "client_id": c.ID, "scope": c.Scopes, "iat": now.Unix()}
	if c.Audience != "" {
		claims["aud"] = c.Audience
	}
	for name, value := range extra {
		claims[name] = value
	}
	if f := s.fault.Load(); f != nil {
		if f.Lifetime != 0 {
			lifetime = f.Lifetime
		}
		for name, value := range f.Claims {
			claims[name] = value
			if value == "" {
				delete(claims, name)
			}
		}
	}
	claims["exp"] = now.Add(lifetime).Unix()
	token, err = s.sign(claims)
	if err == nil {
		s.minted.Add(1)
	}
	return token, lifetime, err
}

func (s *Server) discovery(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                s.o.Issuer,
		"authorization_endpoint":                s.o.Issuer + "/authorize",
		"token_endpoint":                        s.o.Issuer + "/oauth/token",
		"jwks_uri":                              s.o.Issuer + "/.well-known/jwks.json",
		"grant_types_supported":                 []string{"client_credentials", "authorization_code"},
		"response_types_supported":              []string{"code"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"},
		"code_challenge_methods_supported":      []string{"S256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post", "none"},
	})
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that has left misses nothing
}
