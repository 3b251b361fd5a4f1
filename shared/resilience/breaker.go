package resilience

import (
	"errors"
	"fmt"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/sony/gobreaker/v2"

	"dps/shared/dps"
)

// When a breaker opens, and for how long.
const (
	MaxKeys        = 1024             // breakers kept; the least recently used gives way and starts closed again
	OpenAfter      = 5                // failures in a row
	OpenFor        = 5 * time.Second  // then one attempt is let through
	countingPeriod = 30 * time.Second // failures are forgotten after so long
	minSample      = 20               // calls, from which a share of failures says something
	fairAttempt    = time.Second      // a caller who gave it less time cannot blame the dependency
)

// breakers are the breakers of a guard, by key.
type breakers struct {
	mu    sync.Mutex
	byKey *lru.Cache[string, *breaker]
}

func newBreakers() *breakers {
	byKey, _ := lru.New[string, *breaker](MaxKeys) // only a size below 1 is an error
	return &breakers{byKey: byKey}
}

func (b *breakers) get(key string) *breaker {
	b.mu.Lock()
	defer b.mu.Unlock()
	if known, ok := b.byKey.Get(key); ok {
		return known
	}
	fresh := newBreaker()
	b.byKey.Add(key, fresh)
	return fresh
}

// worst is the state of the one that is furthest from closed: 0 closed, 1 half open, 2 open.
func (b *breakers) worst() float64 {
	b.mu.Lock()
	all := b.byKey.Values()
	b.mu.Unlock()
	worst := 0.0
	for _, one := range all {
		worst = max(worst, float64(one.circuit.State()))
	}
	return worst
}

// breaker is one key's circuit breaker, and what it last failed with.
type breaker struct {
	circuit *gobreaker.CircuitBreaker[struct{}]

	mu        sync.Mutex
	openUntil time.Time
	last      string
}

// excluded carries a failure that says nothing about the dependency.
type excluded struct{ error }

func newBreaker() *breaker {
	b := new(breaker)
	b.circuit = gobreaker.NewCircuitBreaker[struct{}](gobreaker.Settings{
		Interval:     countingPeriod,
		Timeout:      OpenFor,
		ReadyToTrip:  shouldOpen,
		IsSuccessful: func(err error) bool { return err == nil || !dps.IsTransient(err) },
		IsExcluded:   func(err error) bool { var e excluded; return errors.As(err, &e) },
		OnStateChange: func(_ string, _, to gobreaker.State) {
			if to == gobreaker.StateOpen {
				b.mu.Lock()
				b.openUntil = time.Now().Add(OpenFor)
				b.mu.Unlock()
			}
		},
	})
	return b
}

func shouldOpen(c gobreaker.Counts) bool {
	return c.ConsecutiveFailures >= OpenAfter || c.Requests >= minSample && c.TotalFailures*2 >= c.Requests
}

// run calls op unless the breaker is open. A failure after which isCallers holds is not counted.
func (b *breaker) run(op func() error, isCallers func() bool) (called bool, err error) {
	_, err = b.circuit.Execute(func() (struct{}, error) {
		called = true
		err := op()
		if err != nil && isCallers() {
			return struct{}{}, excluded{err}
		}
		if dps.IsTransient(err) {
			b.remember(err)
		}
		return struct{}{}, err
	})
	if e, ok := err.(excluded); ok { //nolint:errorlint // made right above
		err = e.error
	}
	return called, err
}

func (b *breaker) remember(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last = dps.AsError(err).Message
}

// refusal is the answer while op is not called.
func (b *breaker) refusal(dependency string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	e := dps.Errorf(dps.CodeUnavailable, "%s", fmt.Sprintf("%s: not called, it has failed too often; last: %s", dependency, b.last))
	e.RetryAfter = max(time.Until(b.openUntil), time.Second)
	return e
}
