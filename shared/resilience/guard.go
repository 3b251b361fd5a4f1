// Package resilience keeps a slow or broken dependency from hurting more than the one request that met it: a few attempts
// with jitter inside the caller's deadline, and a circuit breaker for each dependency.
package resilience

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"

	"dps/shared/dps"
	"dps/shared/telemetry"
)

// Defaults of Options.
const (
	DefaultAttempts       = 3
	DefaultAttemptTimeout = 5 * time.Second // a hung attempt leaves time for another
	DefaultBudget         = 7 * time.Second // a device wants its answer within 8 s
)

// MinAttempt is the shortest attempt worth making: a TLS handshake and a request over a slow link take about so long. With
// less time left the last error is the answer.
const MinAttempt = 200 * time.Millisecond

// The waits between attempts grow from the first to the longest, each by a random factor of ±50 %.
const (
	firstWait   = 50 * time.Millisecond
	longestWait = time.Second
)

// Options tune a Guard; the zero value has the defaults.
type Options struct {
	Attempts       int           // at most so many; 0: DefaultAttempts
	AttemptTimeout time.Duration // of each; 0: DefaultAttemptTimeout
	Budget         time.Duration // of all, where the caller has no deadline; 0: DefaultBudget
	// Count is told each event: name "dependency", reason "DEPENDENCY ok", "… failed", "… retried", "… open". nil: nobody.
	Count func(name, reason string)
	// Gauge is given, under "breaker", the worst state of the breakers: 0 closed, 1 half open, 2 open. nil: nobody is.
	Gauge func(name, label string, read func() float64) (stop func())
}

// Guard runs operations against one kind of dependency, such as all OAuth servers. It is safe for concurrent use.
type Guard struct {
	dependency string
	o          Options
	breakers   *breakers
}

// New makes a guard. The dependency's name stands in messages and counters: "OAuth server".
func New(dependency string, o Options) *Guard {
	if o.Attempts <= 0 {
		o.Attempts = DefaultAttempts
	}
	if o.AttemptTimeout <= 0 {
		o.AttemptTimeout = DefaultAttemptTimeout
	}
	if o.Budget <= 0 {
		o.Budget = DefaultBudget
	}
	if o.Count == nil {
		o.Count = func(string, string) {}
	}
	g := &Guard{dependency: dependency, o: o, breakers: newBreakers()}
	if o.Gauge != nil {
		o.Gauge("breaker", dependency, g.breakers.worst)
	}
	return g
}

// Do runs op until it succeeds, fails for good, or the deadline is near. Failures for which dps.IsTransient holds count
// against the key's breaker and are tried again, unless they are Final; while the breaker is open, op is not called.
//
// op gets a context with the attempt's own deadline and may be called several times. Errors: op's last one as it is;
// CodeUnavailable with RetryAfter where the breaker is open, in words that repeat the last failure's message, and where
// the caller's context ended first.
func (g *Guard) Do(ctx context.Context, key string, op func(context.Context) error) error {
	if _, ok := ctx.Deadline(); !ok {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, g.o.Budget)
		defer cancel()
	}
	b := g.breakers.get(key)
	waits := &backoff.ExponentialBackOff{
		InitialInterval: firstWait, MaxInterval: longestWait, Multiplier: 2, RandomizationFactor: 0.5,
	}
	waits.Reset()
	for attempt := 1; ; attempt++ {
		err := g.attempt(ctx, b, op)
		if err == nil || attempt == g.o.Attempts || !isRepeatable(err) || !g.wait(ctx, err, waits) {
			return withoutMark(err)
		}
		g.count("retried")
	}
}

// attempt calls op once, through the breaker.
func (g *Guard) attempt(ctx context.Context, b *breaker, op func(context.Context) error) (failed error) {
	if err := ctx.Err(); err != nil {
		return Final(dps.Wrap(dps.CodeUnavailable, err, g.dependency+": no time was left to call it"))
	}
	started := time.Now()
	ctx, span := telemetry.BeginCall(ctx, g.dependency, telemetry.Dependency(g.dependency))
	defer func() { span.End(failed) }()
	called, err := b.run(func() error {
		ctx, cancel := context.WithTimeout(ctx, g.o.AttemptTimeout)
		defer cancel()
		return op(ctx)
	}, func() bool {
		return errors.Is(ctx.Err(), context.Canceled) || ctx.Err() != nil && time.Since(started) < fairAttempt
	})
	switch {
	case !called:
		g.count("open")
		return Final(b.refusal(g.dependency))
	case err != nil:
		g.count("failed")
		if dps.CodeOf(err) == dps.CodeInternal && ctx.Err() != nil {
			return Final(dps.Wrap(dps.CodeUnavailable, err, g.dependency+" did not answer in time"))
		}
		return err
	}
	g.count("ok")
	return nil
}

// wait sleeps before the next attempt. False: there is no time for one.
func (g *Guard) wait(ctx context.Context, err error, waits backoff.BackOff) bool {
	d := max(waits.NextBackOff(), dps.AsError(err).RetryAfter)
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) < d+MinAttempt {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

func (g *Guard) count(what string) { g.o.Count("dependency", g.dependency+" "+what) }
