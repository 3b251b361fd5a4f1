package oauth

import (
	"crypto/rand"
	"maps"
	"sync"
	"time"

	"dps/shared/dps"
)

// deviceLifetime is how long a person has to enter the user code.
const deviceLifetime = 10 * time.Minute

// pollInterval is how often a device may ask at first, and by how much it is slowed down where it asks more often (RFC 8628 §3.5).
// People are on this machine: they need not wait for it.
const (
	pollInterval = time.Second
	slowDown     = 5 * time.Second
)

// maxDevices bounds the log-ins that wait.
const maxDevices = 1000

// userCodeAlphabet has no vowels, so that no words come out, and nothing that looks like a digit (RFC 8628 §6.1).
const userCodeAlphabet = "BCDFGHJKLMNPQRSTVWXZ"

// deviceLogin is a device authorization request and what became of it. Its device code is a UUID, its user code 8 letters.
type deviceLogin struct {
	client   Client // with the scopes that it asks for
	userCode string
	expires  time.Time
	interval time.Duration
	asked    time.Time // the last time
	answered bool
	grant    *grant // nil with answered: denied
}

// devices are the log-ins that wait. The zero value is ready, and safe for concurrent use.
type devices struct {
	mu      sync.Mutex
	waiting map[string]*deviceLogin // by device code
}

// add keeps a log-in; not ok: too many wait. Those that have expired are told so for as long again.
func (d *devices) add(c Client, now time.Time) (deviceCode, userCode string, ok bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting == nil {
		d.waiting = make(map[string]*deviceLogin)
	}
	maps.DeleteFunc(d.waiting, func(_ string, l *deviceLogin) bool { return now.Sub(l.expires) >= deviceLifetime })
	if len(d.waiting) >= maxDevices {
		return "", "", false
	}
	deviceCode, userCode = dps.NewUUID(), newUserCode()
	d.waiting[deviceCode] = &deviceLogin{client: c, userCode: userCode, expires: now.Add(deviceLifetime), interval: pollInterval, asked: now}
	return deviceCode, userCode, true
}

// find gives the client of a log-in that a person may answer.
func (d *devices) find(userCode string, now time.Time) (Client, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l := d.open(userCode, now); l != nil {
		return l.client, true
	}
	return Client{}, false
}

// answer settles a log-in; a nil grant denies it. Not ok: it is not open any more.
func (d *devices) answer(userCode string, g *grant, now time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.open(userCode, now)
	if l == nil {
		return false
	}
	l.answered, l.grant = true, g
	return true
}

func (d *devices) open(userCode string, now time.Time) *deviceLogin {
	for _, l := range d.waiting {
		if l.userCode == userCode && !l.answered && now.Before(l.expires) {
			return l
		}
	}
	return nil
}

// poll gives what a person granted, once, or the error's code (RFC 8628 §3.5).
func (d *devices) poll(deviceCode, clientID string, now time.Time) (*grant, string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.waiting[deviceCode]
	if l == nil || l.client.ID != clientID {
		return nil, "invalid_grant"
	}
	early := now.Sub(l.asked) < l.interval
	l.asked = now
	switch {
	case early:
		l.interval += slowDown
		return nil, "slow_down"
	case !l.answered && now.Before(l.expires):
		return nil, "authorization_pending"
	case !l.answered:
		return nil, "expired_token"
	}
	delete(d.waiting, deviceCode)
	if l.grant == nil {
		return nil, "access_denied"
	}
	return l.grant, ""
}

// newUserCode is 8 letters of 20: with all that may wait, 1 guess in 10^7 finds one.
func newUserCode() string {
	code := make([]byte, 8)
	_, _ = rand.Read(code) // never fails
	for i, b := range code {
		code[i] = userCodeAlphabet[int(b)%len(userCodeAlphabet)]
	}
	return string(code)
}
