package oauth

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"net/http"
	"net/url"
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
		refuse(w, "invalid_request")
		return
	}
	switch r.PostForm.Get("grant_type") {
	case wireClientCredentials:
		s.clientCredentials(w, r)
	case wireAuthorizationCode:
		s.authorizationCode(w, r)
	case wireDeviceCode:
		s.deviceCode(w, r)
	case "":
		refuse(w, "invalid_request")
	default:
		refuse(w, "unsupported_grant_type")
	}
}

// clientCredentials is RFC 6749 §4.4. Owner and device id come as form fields by the names of their claims, as plgd's
// services send them.
func (s *Server) clientCredentials(w http.ResponseWriter, r *http.Request) {
	c, problem := s.authenticate(r)
	if problem != "" {
		refuse(w, problem)
		return
	}
	scopes, ok := c.granted(r.PostForm.Get("scope"))
	if !ok {
		refuse(w, "invalid_scope")
		return
	}
	if a := r.PostForm.Get("audience"); a != "" && a != c.Audience {
		refuse(w, "invalid_target") // RFC 8707 §2
		return
	}
	claims := make(map[string]string)
	if c.Owner != "" {
		claims[s.o.OwnerClaim] = c.Owner
	}
	for _, name := range []string{s.o.OwnerClaim, s.o.DeviceIDClaim} {
		if v := r.PostForm.Get(name); name != "" && v != "" {
			claims[name] = v
		}
	}
	c.Scopes = scopes
	s.handOut(w, grant{client: c, subject: c.ID, claims: claims})
}

// authorizationCode redeems a code, once (RFC 6749 §4.1.3, RFC 7636 §4.6). Its client may be a page that keeps no secret:
// the verifier is what it proves itself by. A secret that is sent all the same must be right.
func (s *Server) authorizationCode(w http.ResponseWriter, r *http.Request) {
	id, secret := credentials(r)
	granted, ok := s.codes.take(r.PostForm.Get("code"), s.o.Now())
	c := granted.grant.client
	switch {
	case !ok || c.ID != id || granted.redirect != r.PostForm.Get("redirect_uri") || challengeOf(r.PostForm.Get("code_verifier")) != granted.challenge:
		refuse(w, "invalid_grant")
	case secret != "" && !same(c.Secret, secret):
		refuse(w, "invalid_client")
	default:
		s.handOut(w, granted.grant)
	}
}

// credentials are the client's, by HTTP Basic or in the form (RFC 6749 §2.3.1).
func credentials(r *http.Request) (id, secret string) {
	id, secret, basic := r.BasicAuth()
	if !basic {
		return r.PostForm.Get("client_id"), r.PostForm.Get("client_secret")
	}
	id, idErr := url.QueryUnescape(id) // both are form-encoded first
	secret, secretErr := url.QueryUnescape(secret)
	if idErr != nil || secretErr != nil {
		return "", ""
	}
	return id, secret
}

// authenticate finds the client of a client credentials request, or the error's code. Two clients may share an id, as in
// seed 001.
func (s *Server) authenticate(r *http.Request) (c Client, problem string) {
	id, secret := credentials(r)
	problem = "invalid_client"
	for _, c := range s.o.Clients {
		if c.Secret == "" || c.ID != id || !same(c.Secret, secret) {
			continue
		}
		if c.grant() == GrantClientCredentials {
			return c, ""
		}
		problem = "unauthorized_client"
	}
	return Client{}, problem
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// refuse answers an error (RFC 6749 §5.2).
func refuse(w http.ResponseWriter, code string) {
	status := http.StatusBadRequest
	switch code {
	case "invalid_client":
		w.Header().Set("WWW-Authenticate", "Basic")
		status = http.StatusUnauthorized
	case "server_error":
		status = http.StatusInternalServerError
	}
	writeJSON(w, status, map[string]string{"error": code})
}

func encode(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }

// challengeOf is the S256 challenge of a verifier (RFC 7636 §4.2).
func challengeOf(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return encode(sum[:])
}
