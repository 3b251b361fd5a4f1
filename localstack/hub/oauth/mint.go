package oauth

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"
)

// grant is whom a token is for, and what he may do.
type grant struct {
	client  Client // with the scopes that are granted
	subject string
	claims  map[string]string
	nonce   string // of the authorization request
}

// persons is the grant to a person who says that he is the owner.
func (s *Server) persons(c Client, owner, nonce string) grant {
	return grant{client: c, subject: owner, nonce: nonce, claims: map[string]string{s.o.OwnerClaim: owner, "name": "Owner " + owner}}
}

// handOut answers a token request (RFC 6749 §5.1); people who ask for openid get an ID token too.
func (s *Server) handOut(w http.ResponseWriter, g grant) {
	token, lifetime, err := s.mint(g.client, g.subject, g.claims)
	if err != nil {
		refuse(w, "server_error")
		return
	}
	answer := map[string]any{
		"access_token": token, "token_type": "Bearer", "expires_in": int(lifetime / time.Second), "scope": strings.Join(g.client.Scopes, " "),
	}
	if g.client.grant() != GrantClientCredentials && slices.Contains(g.client.Scopes, "openid") {
		if answer["id_token"], err = s.idToken(g, lifetime); err != nil {
			refuse(w, "server_error")
			return
		}
	}
	writeJSON(w, http.StatusOK, answer)
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
		lifetime = f.apply(claims, lifetime)
	}
	claims["exp"] = now.Add(lifetime).Unix()
	token, err = s.sign(claims)
	if err == nil {
		s.minted.Add(1)
	}
	return token, lifetime, err
}

// idToken says to the client who has logged in (OpenID Connect Core 1.0 §2).
func (s *Server) idToken(g grant, lifetime time.Duration) (string, error) {
	now := s.o.Now()
	claims := jwt.MapClaims{
		"iss": s.o.Issuer, "sub": g.subject, "aud": g.client.ID, "iat": now.Unix(), "exp": now.Add(lifetime).Unix(), "name": g.claims["name"],
	}
	if g.nonce != "" {
		claims["nonce"] = g.nonce
	}
	return s.sign(claims)
}
