package oauth

import "net/http"

// message is what a page says.
type message struct{ Title, Text string }

// showApproval asks for the user code, or where the address brings it, whether the person knows it (RFC 8628 §3.3).
func (s *Server) showApproval(w http.ResponseWriter, r *http.Request) {
	typed := r.URL.Query().Get("user_code")
	if typed == "" {
		show(w, http.StatusOK, "code.html", question{})
		return
	}
	s.askAbout(w, unspell(typed))
}

// askAbout shows whom a person would let in: he compares the code with what his terminal shows.
func (s *Server) askAbout(w http.ResponseWriter, code string) {
	c, ok := s.devices.find(code, s.o.Now())
	if !ok {
		show(w, http.StatusNotFound, "code.html", question{Wrong: "No log-in waits for this code. It may have expired: start again in the terminal."})
		return
	}
	show(w, http.StatusOK, "login.html", question{Client: c.Name, Access: asksForAccess(c.Scopes), Code: spell(code)})
}

// approve takes the person's answer.
func (s *Server) approve(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	code := unspell(r.PostFormValue("user_code"))
	c, ok := s.devices.find(code, s.o.Now())
	if !ok || r.PostFormValue("answer") == "" {
		s.askAbout(w, code)
		return
	}
	owner, scopes, ok := consent(w, r, c.Scopes)
	c.Scopes = scopes
	said := message{"Not logged in", "The terminal has been told. You may close this page."}
	var granted *grant
	if ok {
		g := s.persons(c, owner, "")
		granted, said.Title = &g, "Logged in"
	}
	if !s.devices.answer(code, granted, s.o.Now()) {
		s.askAbout(w, code)
		return
	}
	show(w, http.StatusOK, "message.html", said)
}
