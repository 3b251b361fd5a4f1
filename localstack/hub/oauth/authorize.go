package oauth

import (
	"net/http"
	"net/url"

	"dps/shared/dps"
)

// request is an authorization request that has been found good (RFC 6749 §4.1.1, RFC 7636 §4.3).
type request struct {
	client    Client // with the scopes that it asks for
	redirect  *url.URL
	state     string
	nonce     string
	challenge string
}

// authorization is the authorization endpoint: it checks the request before it is answered.
func (s *Server) authorization(answer func(http.ResponseWriter, *http.Request, request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		client, target, ok := s.personsClient(q.Get("client_id"), q.Get("redirect_uri"))
		if !ok { // never redirect to where nobody registered
			http.Error(w, "unknown client_id or redirect_uri", http.StatusBadRequest)
			return
		}
		req := request{client: client, redirect: target, state: q.Get("state"), nonce: q.Get("nonce"), challenge: q.Get("code_challenge")}
		scopes, ok := client.granted(q.Get("scope"))
		req.client.Scopes = scopes
		switch {
		case q.Get("response_type") != "code":
			req.send(w, r, "error", "unsupported_response_type")
		case q.Get("code_challenge_method") != "S256" || req.challenge == "":
			req.send(w, r, "error", "invalid_request")
		case !ok:
			req.send(w, r, "error", "invalid_scope")
		case q.Get("prompt") == "none": // nobody stays logged in here (OpenID Connect Core 1.0 §3.1.2.6)
			req.send(w, r, "error", "login_required")
		default:
			answer(w, r, req)
		}
	}
}

// personsClient finds the client that may send people back to the redirect URI.
func (s *Server) personsClient(id, redirectURI string) (Client, *url.URL, bool) {
	for _, c := range s.o.Clients {
		if c.ID != id || c.grant() != GrantAuthorizationCode {
			continue
		}
		if target, ok := returnsTo(c.redirects(), redirectURI); ok {
			return c, target, true
		}
	}
	return Client{}, nil, false
}

func (s *Server) showLogin(w http.ResponseWriter, _ *http.Request, req request) {
	show(w, http.StatusOK, "login.html", question{Client: req.client.Name, Access: asksForAccess(req.client.Scopes)})
}

// logIn believes whoever it is, and grants a code.
func (s *Server) logIn(w http.ResponseWriter, r *http.Request, req request) {
	owner, scopes, ok := consent(w, r, req.client.Scopes)
	if !ok {
		req.send(w, r, "error", "access_denied")
		return
	}
	req.client.Scopes = scopes
	code := dps.NewUUID()
	granted := grantedCode{grant: s.persons(req.client, owner, req.nonce), challenge: req.challenge, redirect: req.redirect.String()}
	if !s.codes.add(code, granted, s.o.Now()) {
		req.send(w, r, "error", "temporarily_unavailable")
		return
	}
	req.send(w, r, "code", code)
}

// send brings the person back to where the request came from (RFC 6749 §4.1.2).
func (req request) send(w http.ResponseWriter, r *http.Request, key, value string) {
	u := *req.redirect
	out := u.Query()
	out.Set(key, value)
	if req.state != "" {
		out.Set("state", req.state)
	}
	u.RawQuery = out.Encode()
	http.Redirect(w, r, u.String(), http.StatusFound)
}
