package oauth

import (
	"crypto/ecdsa"
	"errors"
	"net/http"

	"github.com/golang-jwt/jwt/v5"

	"dps/shared/dps"
	"dps/shared/pki"
)

// signingKey is a P-256 key, and its public half as a JSON Web Key (RFC 7517 §4, RFC 7518 §6.2.1).
type signingKey struct {
	id     string
	key    *ecdsa.PrivateKey
	public map[string]string
}

// coordinate is the length of a P-256 coordinate, in bytes.
const coordinate = 32

func newSigningKey() (signingKey, error) {
	key, err := pki.NewKey()
	if err != nil {
		return signingKey{}, err
	}
	point, err := key.PublicKey.Bytes() // 4, x, y
	if err != nil {
		return signingKey{}, err
	}
	id := dps.NewUUID()
	return signingKey{id: id, key: key, public: map[string]string{
		"kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": id,
		"x": encode(point[1 : 1+coordinate]), "y": encode(point[1+coordinate:]),
	}}, nil
}

// RotateKey signs with a new key from now on; what the older ones signed stays good. Errors: of the random source.
func (s *Server) RotateKey() error {
	k, err := newSigningKey()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, k)
	return nil
}

func (s *Server) sign(claims jwt.MapClaims) (string, error) {
	s.mu.Lock()
	signer := s.keys[len(s.keys)-1]
	s.mu.Unlock()
	t := jwt.NewWithClaims(jwt.SigningMethodES256, claims)
	t.Header["kid"] = signer.id
	return t.SignedString(signer.key)
}

// key finds the public key that a token names.
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

// jwks gives the public keys (RFC 7517 §5).
func (s *Server) jwks(w http.ResponseWriter, _ *http.Request) {
	s.mu.Lock()
	keys := make([]map[string]string, 0, len(s.keys))
	for _, k := range s.keys {
		keys = append(keys, k.public)
	}
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, map[string]any{"keys": keys})
}
