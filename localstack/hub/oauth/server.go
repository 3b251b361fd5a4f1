// Package oauth is the stand-in hub's OAuth 2.0 server: discovery, signature keys, the client credentials grant with the
// owner's and the device's claim, and the authorization code grant with PKCE for people. It knows what it handed out, so
// that the hub's other parts can check what they are brought.
package oauth

import (
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"dps/shared/dps"
	"dps/shared/pki"
)

// TokenLifetime is how long an access token is good.
const TokenLifetime = time.Hour

// Grant types as seed 001 writes them.
const (
	GrantClientCredentials = "clientCredentials"
	GrantAuthorizationCode = "authorizationCode"
)

// Client is a registered client, by the keys of seed 001's mockoauthserver.oauth[].
type Client struct {
	Name        string   `yaml:"name"`
	ID          string   `yaml:"clientID"`
	Secret      string   `yaml:"clientSecret"`
	GrantType   string   `yaml:"grantType"` // "": authorizationCode
	Scopes      []string `yaml:"scopes"`
	Audience    string   `yaml:"audience"`
	RedirectURL string   `yaml:"redirectURL"`
	UseInUI     bool     `yaml:"useInUi"`
}

// Options are what a Server needs.
type Options struct {
	Issuer        string
	Clients       []Client
	OwnerClaim    string
	DeviceIDClaim string // "": no token is bound to a device
	Now           func() time.Time
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
	mu     sync.Mutex
	keys   []signingKey // the last one signs; the older ones still verify
	codes  map[string]grantedCode
}

type signingKey struct {
	id  string
	key *ecdsa.PrivateKey
}

// New makes a server with a fresh key. Errors: of the random source.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{o: o, mux: http.NewServeMux(), codes: make(map[string]grantedCode)}
	s.mux.HandleFunc("GET /.well-known/openid-configuration", s.discovery)
	s.mux.HandleFunc("GET /.well-known/jwks.json", s.jwks)
	s.mux.HandleFunc("POST /oauth/token", s.token)
	s.mux.HandleFunc("GET /authorize", s.authorize)
	s.mux.HandleFunc("POST /authorize", s.authorize)
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

// RotateKey signs with a new key from now on. Errors: of the random source.
func (s *Server) RotateKey() error {
	key, err := pki.NewKey()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, signingKey{id: dps.NewUUID(), key: key})
	return nil
}

// Verify checks an access token as the hub's services do: signature, issuer and validity. Errors say what is wrong.
func (s *Server) Verify(token string) (jwt.MapClaims, error) {
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(token, claims, s.key, jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(s.o.Issuer),
		jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.o.Now))
	return claims, err
}

func (s *Server) key(t *jwt.Token) (any, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.keys {
		if k.id == t.Header["kid"] {
			return &k.key.PublicKey, nil
		}
	}
	return nil, errors.New("unknown signature key")
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
	s.mu.Lock()
	signer := s.keys[len(s.keys)-1]
	s.mu.Unlock()
	t := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	t.Header["kid"] = signer.id
	token, err = t.SignedString(signer.key)
	s.minted.Add(1)
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

// jwks gives the public keys (RFC 7517).
func (s *Server) jwks(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	keys := make([]map[string]string, 0, len(s.keys))
	for _, k := range s.keys {
		keys = append(keys, map[string]string{
			"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": k.id,
			"x": coordinate(k.key.X), "y": coordinate(k.key.Y),
		})
	}
	writeJSON(w, http.StatusOK, map[string]any{"keys": keys})
}

// coordinate writes a P-256 coordinate as RFC 7518 §6.2.1.2 wants it: 32 bytes, base64url.
func coordinate(n *big.Int) string { return encode(n.FillBytes(make([]byte, 32))) }

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v) // a client that has left misses nothing
}
