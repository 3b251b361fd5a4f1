package lambda

import (
	"context"
	"sync"
	"time"

	"dps/shared/dps"
)

// How long an invocation waits for an instance at the concurrency limit, beside a span of time.
const (
	impatient   = time.Duration(0)
	untilServed = time.Duration(-1)
)

// maxStarts bounds how many instances are tried for one invocation where each ends before it takes the event.
const maxStarts = 3

// function is one function with its instances: as many as there are invocations at a time, kept and used again.
type function struct {
	h     *Harness
	cfg   Function
	slots chan struct{} // one for each invocation under way
	dice  *dice
	stats counters

	mu      sync.Mutex
	idle    []*instance // the last used last
	all     map[*instance]struct{}
	stopped bool
}

func newFunction(h *Harness, cfg Function) *function {
	return &function{
		h: h, cfg: cfg, slots: make(chan struct{}, cfg.Concurrency), dice: newDice(h.o.Seed, cfg.Name),
		all: make(map[*instance]struct{}),
	}
}

// invoke delivers the event to an instance and waits for how it ends. Errors: CodeThrottled at the concurrency limit;
// CodeUnavailable where the harness ends.
func (f *function) invoke(ctx context.Context, c call, patience time.Duration) (result, error) {
	if err := f.enter(ctx, patience); err != nil {
		return result{}, err
	}
	defer f.leave()
	inv := &invocation{call: c, fate: f.dice.fate(), answer: make(chan result, 1)}
	if !f.h.sleep(ctx, inv.fate.delay) {
		return result{}, dps.Errorf(dps.CodeUnavailable, "the caller has left, or the harness is ending")
	}
	f.stats.add(func(s *Stats) { s.Invocations++ })
	res, err := f.serve(inv)
	if err == nil && res.failed {
		f.stats.add(func(s *Stats) { s.FunctionErrors++ })
	}
	return res, err
}

func (f *function) serve(inv *invocation) (result, error) {
	for range maxStarts {
		in, err := f.take()
		if err != nil {
			return result{}, err
		}
		res, served := in.serve(f.h.life, inv)
		if f.h.life.Err() != nil {
			return result{}, errEnding()
		}
		f.giveBack(in)
		if served {
			return res, nil
		}
	}
	return exited(inv.id, "instances end before they take the event"), nil
}

// enter takes a slot. Errors: CodeThrottled, CodeUnavailable.
func (f *function) enter(ctx context.Context, patience time.Duration) error {
	select {
	case f.slots <- struct{}{}:
		return nil
	default:
	}
	if patience == impatient {
		return f.throttled()
	}
	var enough <-chan time.Time // never, for untilServed
	if patience > 0 {
		timer := time.NewTimer(patience)
		defer timer.Stop()
		enough = timer.C
	}
	select {
	case f.slots <- struct{}{}:
		return nil
	case <-enough:
		return f.throttled()
	case <-ctx.Done():
		return dps.Wrap(dps.CodeUnavailable, ctx.Err(), "the caller has left")
	case <-f.h.life.Done():
		return errEnding()
	}
}

func (f *function) leave() { <-f.slots }

func (f *function) throttled() error {
	f.stats.add(func(s *Stats) { s.Throttles++ })
	return dps.Errorf(dps.CodeThrottled, "function %s runs %d times already", f.cfg.Name, f.cfg.Concurrency)
}

// take gives an idle instance, the last used first, or starts one.
func (f *function) take() (*instance, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for n := len(f.idle); n > 0; n = len(f.idle) {
		in := f.idle[n-1]
		f.idle = f.idle[:n-1]
		if !in.isDead() {
			return in, nil
		}
	}
	return f.start()
}

// start starts an instance; f.mu is held, so that none starts once stop has begun.
func (f *function) start() (*instance, error) {
	if f.stopped {
		return nil, errEnding()
	}
	in, err := startInstance(f)
	if err != nil {
		return nil, dps.Wrap(dps.CodeUnavailable, err, "function "+f.cfg.Name+": its process cannot be started")
	}
	f.all[in] = struct{}{}
	f.stats.add(func(s *Stats) { s.Started++ })
	return in, nil
}

func (f *function) giveBack(in *instance) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !in.isDead() {
		f.idle = append(f.idle, in)
	}
}

func (f *function) forget(in *instance) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.all, in)
}

// provision starts one more instance and waits until it is ready.
func (f *function) provision(ctx context.Context) (time.Duration, error) {
	f.mu.Lock()
	if len(f.all) >= f.cfg.Concurrency {
		f.mu.Unlock()
		return 0, f.throttled()
	}
	in, err := f.start()
	f.mu.Unlock()
	if err != nil {
		return 0, err
	}
	select {
	case <-in.ready:
		f.giveBack(in)
		return in.initTook, nil
	case <-in.dead:
		return 0, dps.Errorf(dps.CodeUnavailable, "function %s does not start: %s", f.cfg.Name, in.initFailure(in.id).payload)
	case <-ctx.Done():
		in.kill()
		return 0, dps.Wrap(dps.CodeUnavailable, ctx.Err(), "function "+f.cfg.Name+" did not start in time")
	}
}

func (f *function) instances() []*instance {
	f.mu.Lock()
	defer f.mu.Unlock()
	all := make([]*instance, 0, len(f.all))
	for in := range f.all {
		all = append(all, in)
	}
	return all
}

func (f *function) killAll() {
	for _, in := range f.instances() {
		in.kill()
	}
}

// stop ends all instances as Lambda does, and lets no other start.
func (f *function) stop() {
	f.mu.Lock()
	f.stopped = true
	f.mu.Unlock()
	var stopping sync.WaitGroup
	for _, in := range f.instances() {
		stopping.Go(in.stop)
	}
	stopping.Wait()
}

func errEnding() error { return dps.Errorf(dps.CodeUnavailable, "the harness is ending") }
