package d2d

import (
	"net/http"
	"time"

	"dps/client/d2d/member"
)

// statusForm is who the client is and how it goes: for the page and the terminal. It holds no secret.
type statusForm struct {
	Way       member.Way    `json:"way"` // preSharedKey, self, userAgent; empty: not initialized
	Mode      string        `json:"deviceAuthenticationMode"`
	SubjectID string        `json:"subjectId,omitempty"`
	Owner     string        `json:"owner,omitempty"`
	Identity  *identityForm `json:"identity,omitempty"`
	Login     *loginForm    `json:"login,omitempty"`
	Problem   string        `json:"problem,omitempty"`
	RetryAt   *time.Time    `json:"retryAt,omitempty"`
	Storage   string        `json:"storage"`
}

type identityForm struct {
	NotBefore  time.Time `json:"notBefore"`
	NotAfter   time.Time `json:"notAfter"`
	RenewAt    time.Time `json:"renewAt"`
	NeedsToken bool      `json:"needsToken"` // it is due, and somebody must log in
}

// loginForm is where a person is to log in (RFC 8628 §3.3).
type loginForm struct {
	Page string `json:"page"`
	Code string `json:"code"`
}

func (a *api) status(w http.ResponseWriter, r *http.Request) error {
	s := a.Member.Status()
	out := statusForm{Way: s.Way, Mode: a.mode(s), SubjectID: s.SubjectID, Owner: s.Owner, Problem: s.Problem, Storage: s.Place}
	if !s.NotAfter.IsZero() {
		out.Identity = &identityForm{NotBefore: s.NotBefore.UTC(), NotAfter: s.NotAfter.UTC(), RenewAt: s.RenewAt.UTC(), NeedsToken: s.NeedsToken}
	}
	if s.LoginPage != "" {
		out.Login = &loginForm{Page: s.LoginPage, Code: s.LoginCode}
	}
	if !s.RetryAt.IsZero() {
		at := s.RetryAt.UTC()
		out.RetryAt = &at
	}
	send(w, r, http.StatusOK, mediaJSON, marshal(out))
	return nil
}
