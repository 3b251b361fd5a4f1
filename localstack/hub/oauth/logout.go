package oauth

import "net/http"

// logOut is RP-Initiated Logout 1.0 §2. Nobody stays logged in here, so there is nothing to end: what remains is to bring people back,
// and only to where a client registered.
func (s *Server) logOut(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	id, back := r.FormValue("client_id"), r.FormValue("post_logout_redirect_uri")
	for _, c := range s.o.Clients {
		target, ok := returnsTo(c.LogoutURLs, back)
		if !ok || id != "" && id != c.ID {
			continue
		}
		if state := r.FormValue("state"); state != "" {
			q := target.Query()
			q.Set("state", state)
			target.RawQuery = q.Encode()
		}
		http.Redirect(w, r, target.String(), http.StatusFound)
		return
	}
	show(w, http.StatusOK, "message.html", message{"Logged out", "You may close this page."})
}
