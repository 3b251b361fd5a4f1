package oauth

import "net/http"

// Where the endpoints are, below the issuer.
const (
	pathDiscovery = "/.well-known/openid-configuration"
	pathKeys      = "/.well-known/jwks.json"
	pathToken     = "/oauth/token" //nolint:gosec // an address
	pathDevice    = "/oauth/device"
	pathAuthorize = "/authorize"
	pathApprove   = "/device"
	pathLogout    = "/logout"
	pathStyle     = "/style.css"
)

// discovery is OpenID Connect Discovery 1.0 §4, with RFC 8628 §4 and RP-Initiated Logout 1.0 §2.1.
func (s *Server) discovery(w http.ResponseWriter, _ *http.Request) {
	at := func(path string) string { return s.o.Issuer + path }
	writeJSON(w, http.StatusOK, map[string]any{
		"issuer":                                s.o.Issuer,
		"authorization_endpoint":                at(pathAuthorize),
		"token_endpoint":                        at(pathToken),
		"device_authorization_endpoint":         at(pathDevice),
		"end_session_endpoint":                  at(pathLogout),
		"jwks_uri":                              at(pathKeys),
		"grant_types_supported":                 []string{wireClientCredentials, wireAuthorizationCode, wireDeviceCode},
		"response_types_supported":              []string{"code"},
		"subject_types_supported":               []string{"public"},
		"id_token_signing_alg_values_supported": []string{"ES256"},
		"code_challenge_methods_supported":      []string{"S256"},
		"token_endpoint_auth_methods_supported": []string{"client_secret_basic", "client_secret_post", "none"},
	})
}
