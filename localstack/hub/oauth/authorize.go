package oauth

import (
	"html/template"
	"net/http"
	"net/url"

	"dps/shared/dps"
)

var loginPage = template.Must(template.New("login").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Log in to the stand-in hub</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<h1>Log in to the stand-in hub</h1>
<form method="post"><label>Owner <input name="owner" value="1" required autofocus></label> <button>Log in as {{.}}</button></form>
`))

// request is an authorization request that has been found good (RFC 6749 §4.1.1, RFC 7636 §4.3).
type request struct {
	client    Client // with the scopes that are granted
	redirect  *url.URL
	state     string
	challenge string
}

// authorization is the authorization endpoint: it checks the request before it is answered.
func (s *Server) authorization(answer func(http.ResponseWriter, *http.Request, request)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		client, ok := s.personsClient(q.Get("client_id"), q.Get("redirect_uri"))
		target, err := url.Parse(client.RedirectURL)
		if !ok || err != nil { // never redirect to where nobody registered
			http.Error(w, "unknown client_id or redirect_uri", http.StatusBadRequest)
			return
		}
		req := request{client: client, redirect: target, state: q.Get("state"), challenge: q.Get("code_challenge")}
		scopes, ok := client.granted(q.Get("scope"))
		req.client.Scopes = scopes
		switch {
		case q.Get("response_type") != "code":
			req.send(w, r, "error", "unsupported_response_type")
		case q.Get("code_challenge_method") != "S256" || req.challenge == "":
			req.send(w, r, "error", "invalid_request")
		case !ok:
			req.send(w, r, "error", "invalid_scope")
		default:
			answer(w, r, req)
		}
	}
}

// personsClient finds the client that may send people back to the redirect URI, which is compared as it is written
// (RFC 6749 §3.1.2.3).
func (s *Server) personsClient(id, redirectURI string) (Client, bool) {
	for _, c := range s.o.Clients {
		if c.ID == id && c.grant() == GrantAuthorizationCode && c.RedirectURL != "" && c.RedirectURL == redirectURI {
			return c, true
		}
	}
	return Client{}, false
}

// showLogin asks who it is. Form targets are not restricted: browsers would hold the restriction against the redirect too.
func (s *Server) showLogin(w http.ResponseWriter, _ *http.Request, req request) {
	w.Header().Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = loginPage.Execute(w, req.client.Name) // a client that has left misses nothing
}

// logIn believes whoever it is, and grants a code.
func (s *Server) logIn(w http.ResponseWriter, r *http.Request, req request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	owner := r.PostFormValue("owner")
	if owner == "" {
		req.send(w, r, "error", "access_denied")
		return
	}
	code := dps.NewUUID()
	if !s.codes.add(code, grantedCode{client: req.client, challenge: req.challenge, owner: owner}, s.o.Now()) {
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
