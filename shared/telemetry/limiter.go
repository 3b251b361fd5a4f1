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

// Limiter lets one event per key and minute through, or a few, and counts the others. It is safe for concurrent use.
type Limiter struct {
	now   func() time.Time
	first int // events of a key that pass in each minute

	mu   sync.Mutex
	keys map[string]*limited
	rest limited // every key beyond MaxLimiterKeys shares this entry
}

type limited struct {
	next       time.Time // when the minute is over
	passed     int       // in this minute
	suppressed int       // since it was last told
}

// NewLimiter makes a limiter that reads the time from now.
func NewLimiter(now func() time.Time) *Limiter { return newLimiter(now, 1) }

func newLimiter(now func() time.Time, first int) *Limiter {
	return &Limiter{now: now, first: max(first, 1), keys: make(map[string]*limited)}
}

// Allow tells whether an event of the key may be logged now, and, if so, how many were held back since the last that was.
// With MaxLimiterKeys keys within one minute, all further ones are limited together, as if they were one key.
func (l *Limiter) Allow(key string) (ok bool, suppressed int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	e := l.entry(key, now)
	if !now.Before(e.next) {
		e.next, e.passed = now.Add(LimiterInterval), 0
	}
	if e.passed >= l.first {
		e.suppressed++
		return false, 0
	}
	e.passed++
	suppressed, e.suppressed = e.suppressed, 0
	return true, suppressed
}

// Suppressed takes what was held back and not told of yet: it counts anew from here.
func (l *Limiter) Suppressed() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	n, l.rest.suppressed = l.rest.suppressed, 0
	for _, e := range l.keys {
		n, e.suppressed = n+e.suppressed, 0
	}
	return n
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
