package oauth

import (
	"html/template"
	"net/http"
	"net/url"
	"time"

	"dps/shared/dps"
)

// codeLifetime is how long an authorization code is good, for one use.
const codeLifetime = time.Minute

// maxCodes bounds the codes that nobody has redeemed yet.
const maxCodes = 1000

// grantedCode is what a person agreed to.
type grantedCode struct {
	clientID, redirect, challenge, owner string
	expires                              time.Time
}

var loginPage = template.Must(template.New("login").Parse(`<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Log in to the stand-in hub</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<h1>Log in to the stand-in hub</h1>
<form method="post"><label>Owner <input name="owner" value="1" required autofocus></label> <button>Log in as {{.}}</button></form>
`))

// authorize is the authorization endpoint (RFC 6749 §4.1.1) with PKCE (RFC 7636): GET shows the log-in, POST grants.
func (s *Server) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	client, ok := s.personsClient(q.Get("client_id"), q.Get("redirect_uri"))
	if !ok { // never redirect to where nobody registered
		http.Error(w, "unknown client_id or redirect_uri", http.StatusBadRequest)
		return
	}
	switch {
	case q.Get("response_type") != "code":
		redirect(w, r, q, "error", "unsupported_response_type")
		return
	case q.Get("code_challenge_method") != "S256" || q.Get("code_challenge") == "":
		redirect(w, r, q, "error", "invalid_request")
		return
	case r.Method == http.MethodGet:
		w.Header().Set("Content-Security-Policy", "default-src 'none'; form-action 'self'")
		_ = loginPage.Execute(w, client.Name) // a client that has left misses nothing
		return
	}
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	owner := r.PostFormValue("owner")
	if owner == "" {
		redirect(w, r, q, "error", "access_denied")
		return
	}
	code := dps.NewUUID()
	s.mu.Lock()
	if len(s.codes) >= maxCodes {
		clear(s.codes)
	}
	s.codes[code] = grantedCode{
		clientID: client.ID, redirect: q.Get("redirect_uri"), challenge: q.Get("code_challenge"), owner: owner, expires: s.o.Now().Add(codeLifetime),
	}
	s.mu.Unlock()
	redirect(w, r, q, "code", code)
}

func (s *Server) personsClient(id, redirectURI string) (Client, bool) {
	for _, c := range s.o.Clients {
		if c.ID == id && c.grant() == GrantAuthorizationCode && c.RedirectURL != "" && c.RedirectURL == redirectURI {
			return c, true
		}
	}
	return Client{}, false
}

func redirect(w http.ResponseWriter, r *http.Request, q url.Values, key, value string) {
	u, err := url.Parse(q.Get("redirect_uri"))
	if err != nil {
		http.Error(w, "redirect_uri is no URI", http.StatusBadRequest)
		return
	}
	out := u.Query()
	out.Set(key, value)
	if state := q.Get("state"); state != "" {
		out.Set("state", state)
	}
	u.RawQuery = out.Encode()
	http.Redirect(w, r, u.String(), http.StatusFound) //nolint:gosec // personsClient has held it against what is registered
}

// authorizationCode redeems a code, once (RFC 6749 §4.1.3, RFC 7636 §4.6).
func (s *Server) authorizationCode(w http.ResponseWriter, r *http.Request) {
	form := r.PostForm
	s.mu.Lock()
	granted, ok := s.codes[form.Get("code")]
	delete(s.codes, form.Get("code"))
	s.mu.Unlock()
	client, known := s.personsClient(form.Get("client_id"), form.Get("redirect_uri"))
	if !ok || !known || granted.clientID != client.ID || granted.redirect != form.Get("redirect_uri") ||
		s.o.Now().After(granted.expires) || challengeOf(form.Get("code_verifier")) != granted.challenge {
		refuse(w, http.StatusBadRequest, "invalid_grant")
		return
	}
	s.grant(w, client, granted.owner, map[string]string{s.o.OwnerClaim: granted.owner})
}
