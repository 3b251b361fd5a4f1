package member

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/go-jose/go-jose/v4"

	"dps/shared/bearer"
	"dps/shared/dps"
)

// Bounds of a key set that somebody hands over.
const (
	MaxJWKS = 64 << 10 // bytes
	maxKeys = 32
)

// parseJWKS reads a key set (RFC 7517 §5) and gives it back with nothing but public keys for signatures. Errors: CodeInvalid.
func parseJWKS(data []byte) ([]byte, error) {
	if len(data) > MaxJWKS {
		return nil, dps.Errorf(dps.CodeInvalid, "jwks: has %d bytes, at most %d are taken", len(data), MaxJWKS)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(data, &set); err != nil {
		return nil, dps.Errorf(dps.CodeInvalid, "jwks: is no JSON Web Key Set: give what the OAuth server's jwks_uri answers")
	}
	if len(set.Keys) > maxKeys {
		return nil, dps.Errorf(dps.CodeInvalid, "jwks: has %d keys, at most %d are taken", len(set.Keys), maxKeys)
	}
	var kept jose.JSONWebKeySet
	for _, k := range set.Keys {
		if k.Valid() && k.IsPublic() && (k.Use == "" || k.Use == "sig") {
			kept.Keys = append(kept.Keys, k)
		}
	}
	if len(kept.Keys) == 0 {
		return nil, dps.Errorf(dps.CodeInvalid, "jwks: has no public key for signatures")
	}
	out, err := json.Marshal(kept)
	if err != nil {
		return nil, dps.Wrap(dps.CodeInvalid, err, "jwks: has a key that cannot be kept")
	}
	return out, nil
}

// pinned verifies tokens by the rules of package bearer, and by these keys for ever: the OAuth server is out of reach.
func (m *Member) pinned(jwks []byte) *bearer.Verifier {
	return bearer.New(m.tokenRules(&http.Client{Transport: shelf{authority: m.remote().Authority, jwks: jwks}}))
}

// shelf answers as the OAuth server would if its keys were these.
type shelf struct {
	authority string
	jwks      []byte
}

// RoundTrip implements http.RoundTripper; no byte leaves the process.
func (s shelf) RoundTrip(r *http.Request) (*http.Response, error) {
	body := s.jwks
	if strings.HasSuffix(r.URL.Path, "/.well-known/openid-configuration") {
		var err error
		if body, err = json.Marshal(map[string]string{"issuer": s.authority, "jwks_uri": "https://pinned.invalid/keys"}); err != nil {
			return nil, err
		}
	} else if r.URL.Host != "pinned.invalid" {
		return nil, errors.New("only pinned keys are served")
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Request: r, Body: io.NopCloser(bytes.NewReader(body))}, nil
}
