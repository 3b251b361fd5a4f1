package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// maxForm bounds a request's body, in bytes.
const maxForm = 16 << 10

// token is the token endpoint (RFC 6749 §3.2).
func (s *Server) token(w http.ResponseWriter, r *http.Request) {
	if f := s.fault.Load(); f != nil && f.Status != 0 {
		http.Error(w, "out of order", f.Status)
		return
	} else if f != nil && f.Garbage {
		_, _ = w.Write([]byte("<html>not a token</html>"))
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request")
		return
	}
	switch r.PostForm.Get("grant_type") {
	case "client_credentials":
		s.clientCredentials(w, r)
	case "authorization_code":
		s.authorizationCode(w, r)
	default:
		refuse(w, http.StatusBadRequest, "unsupported_grant_type")
	}
}

// clientCredentials is RFC 6749 §4.4. Owner and device id come as form fields by the names of their claims, as plgd's
// services send them.
func (s *Server) clientCredentials(w http.ResponseWriter, r *http.Request) {
	c, ok := s.authenticate(r, GrantClientCredentials)
	if !ok {
		w.Header().Set("WWW-Authenticate", "Basic")
		refuse(w, http.StatusUnauthorized, "invalid_client")
		return
	}
	if !s.allowed(w, c, r.PostForm) {
		return
	}
	claims := make(map[string]string)
	for _, name := range []string{s.o.OwnerClaim, s.o.DeviceIDClaim} {
		if v := r.PostForm.Get(name); name != "" && v != "" {
			claims[name] = v
		}
	}
	s.grant(w, c, c.ID, claims)
}

// authenticate finds the client by HTTP Basic or the form (RFC 6749 §2.3.1).
func (s *Server) authenticate(r *http.Request, grant string) (Client, bool) {
	id, secret, basic := r.BasicAuth()
	if basic { // RFC 6749 §2.3.1: both are form-encoded first
		id, _ = url.QueryUnescape(id)
		secret, _ = url.QueryUnescape(secret)
	} else {
		id, secret = r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	for _, c := range s.o.Clients {
		if c.ID == id && c.grant() == grant && subtle.ConstantTimeCompare([]byte(c.Secret), []byte(secret)) == 1 {
			return c, true
		}
	}
	return Client{}, false
}

func (c Client) grant() string {
	if c.GrantType == "" {
		return GrantAuthorizationCode
	}
	return c.GrantType
}

// allowed checks scope and audience, and answers where they are none of the client's.
func (s *Server) allowed(w http.ResponseWriter, c Client, form url.Values) bool {
	for _, scope := range strings.Fields(form.Get("scope")) {
		if !slices.Contains(c.Scopes, scope) {
			refuse(w, http.StatusBadRequest, "invalid_scope")
			return false
		}
	}
	if a := form.Get("audience"); a != "" && c.Audience != "" && a != c.Audience {
		refuse(w, http.StatusBadRequest, "invalid_target") // RFC 8707 §2
		return false
	}
	return true
}

func (s *Server) grant(w http.ResponseWriter, c Client, subject string, claims map[string]string) {
	token, lifetime, err := s.mint(c, subject, claims)
	if err != nil {
		refuse(w, http.StatusInternalServerError, "server_error")
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int(lifetime / time.Second), "scope": strings.Join(c.Scopes, " "),
	})
}

// refuse answers an error (RFC 6749 §5.2).
func refuse(w http.ResponseWriter, status int, code string) {
	writeJSON(w, status, map[string]string{"error": code})
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// challengeOf is the S256 challenge of a verifier (RFC 7636 §4.2).
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return encode(sum[:])
}
