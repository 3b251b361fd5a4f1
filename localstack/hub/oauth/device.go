package oauth

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// deviceAuthorization is RFC 8628 §3.1: a program without a browser asks for codes, one for itself and one for its person.
func (s *Server) deviceAuthorization(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		refuse(w, "invalid_request")
		return
	}
	c, problem := s.devicesClient(r)
	if problem != "" {
		refuse(w, problem)
		return
	}
	scopes, ok := c.granted(r.PostForm.Get("scope"))
	if !ok {
		refuse(w, "invalid_scope")
		return
	}
	c.Scopes = scopes
	deviceCode, userCode, ok := s.devices.add(c, s.o.Now())
	if !ok {
		refuse(w, "temporarily_unavailable")
		return
	}
	page, shown := s.o.Issuer+pathApprove, spell(userCode)
	writeJSON(w, http.StatusOK, map[string]any{
		"device_code": deviceCode, "user_code": shown, "verification_uri": page,
		"verification_uri_complete": page + "?user_code=" + url.QueryEscape(shown),
		"expires_in":                int(deviceLifetime / time.Second), "interval": int(pollInterval / time.Second),
	})
}

// devicesClient finds the client of a request. A secret that is sent must be right; most have none.
func (s *Server) devicesClient(r *http.Request) (Client, string) {
	id, secret := credentials(r)
	problem := "invalid_client"
	for _, c := range s.o.Clients {
		switch {
		case c.ID != id || secret != "" && !same(c.Secret, secret):
		case c.grant() == GrantDeviceCode:
			return c, ""
		default:
			problem = "unauthorized_client"
		}
	}
	return Client{}, problem
}

// deviceCode is the program's question whether its person has answered (RFC 8628 §3.4).
func (s *Server) deviceCode(w http.ResponseWriter, r *http.Request) {
	c, problem := s.devicesClient(r)
	if problem != "" {
		refuse(w, problem)
		return
	}
	granted, problem := s.devices.poll(r.PostForm.Get("device_code"), c.ID, s.o.Now())
	if problem != "" {
		refuse(w, problem)
		return
	}
	s.handOut(w, *granted)
}

// spell writes a user code as people read it out.
func spell(code string) string { return code[:4] + "-" + code[4:] }

// unspell is what a person meant who typed a user code (RFC 8628 §6.1).
func unspell(typed string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(userCodeAlphabet, r) {
			return r
		}
		return -1
	}, strings.ToUpper(typed))
}
