package member

import (
	"time"

	"dps/shared/dps"
)

// Status is who the client is and how it goes: for people. It holds no secret.
type Status struct {
	Way       Way       // WayNone: not initialized
	SubjectID string    // UUID that devices know the client by; "": none
	Owner     string    // as tokens name him; "": none, or a pre-shared key's
	NotBefore time.Time // of the identity certificate; zero: there is none
	NotAfter  time.Time
	RenewAt   time.Time
	// NeedsToken says that the certificate is due and nobody has logged in who could have it renewed.
	NeedsToken bool
	Problem    string // of the last attempt to get a certificate; "": none
	RetryAt    time.Time
	LoginPage  string // where a person is to log in, with LoginCode; "": nowhere
	LoginCode  string
	Place      string // where the credentials are kept
}

// Status gives it.
func (m *Member) Status() Status {
	place := m.o.Vault.Place()
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Status{
		Way: m.now.way, NeedsToken: m.report.needsToken, Problem: m.report.problem, RetryAt: m.report.retryAt,
		LoginPage: m.report.page, LoginCode: m.report.code, Place: place,
	}
	if m.now.psk != nil {
		s.SubjectID = m.now.psk.SubjectID
	}
	if i := m.now.identity; i != nil {
		s.SubjectID, s.Owner = dps.OwnerUUID(i.owner), i.owner
		s.NotBefore, s.NotAfter, s.RenewAt = i.leaf().NotBefore, i.leaf().NotAfter, i.renewAt
		s.NeedsToken = s.NeedsToken || m.now.way == WayBrowser && !m.o.Now().Before(i.renewAt)
	}
	return s
}
