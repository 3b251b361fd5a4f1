package telemetry

import (
	"sync"
	"time"
)

// Bounds of a Limiter.
const (
	LimiterInterval = time.Minute // between two events of one key that are let through
	MaxLimiterKeys  = 1024        // keys remembered at a time: keys come from strangers, such as issuers' names
)

// Limiter lets one event per key and minute through and counts the others. It is safe for concurrent use.
type Limiter struct {
	now func() time.Time

	mu   sync.Mutex
	keys map[string]*limited
	rest limited // every key beyond MaxLimiterKeys shares this entry
}

type limited struct {
	next       time.Time // from when on the next event is let through
	suppressed int
}

// NewLimiter makes a limiter that reads the time from now.
func NewLimiter(now func() time.Time) *Limiter {
	return &Limiter{now: now, keys: make(map[string]*limited)}
}

// Allow tells whether an event of the key may be logged now, and, if so, how many were held back since the last that was.
// With MaxLimiterKeys keys within one minute, all further ones are limited together, as if they were one key.
func (l *Limiter) Allow(key string) (ok bool, suppressed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	e := l.entry(key, now)
	if now.Before(e.next) {
		e.suppressed++
		return false, 0
	}
	suppressed, e.suppressed = e.suppressed, 0
	e.next = now.Add(LimiterInterval)
	return true, suppressed
}

func (l *Limiter) entry(key string, now time.Time) *limited {
	if e, known := l.keys[key]; known {
		return e
	}
	if len(l.keys) >= MaxLimiterKeys && now.Before(l.rest.next) {
		return &l.rest // a sweep per event would cost more than the log line it saves
	}
	if len(l.keys) >= MaxLimiterKeys {
		l.sweep(now)
	}
	if len(l.keys) >= MaxLimiterKeys {
		return &l.rest
	}
	e := new(limited)
	l.keys[key] = e
	return e
}

// sweep forgets the keys whose minute is over. What they held back joins the shared entry, so that no count is lost.
func (l *Limiter) sweep(now time.Time) {
	for k, e := range l.keys {
		if !now.Before(e.next) {
			l.rest.suppressed += e.suppressed
			delete(l.keys, k)
		}
	}
}
