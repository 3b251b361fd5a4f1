// Package flight runs one call per key at a time, for all who want its result.
package flight

import (
	"context"
	"sync"
	"time"

	"dps/shared/dps"
)

// Group is a set of calls under way. Unlike golang.org/x/sync/singleflight it owns its goroutines: a call has a deadline
// of its own, so that the first caller's hanging up fails nobody else, and none is left after Close.
type Group[V any] struct {
	timeout time.Duration
	running sync.WaitGroup

	mu     sync.Mutex
	calls  map[string]*call[V]
	closed bool
}

type call[V any] struct {
	cancel context.CancelFunc
	done   chan struct{}
	value  V
	err    error
}

// New makes a group whose calls get at most timeout each.
func New[V any](timeout time.Duration) *Group[V] {
	return &Group[V]{timeout: timeout, calls: make(map[string]*call[V])}
}

// Do gives the result of fn, called now or already under way for the key. fn's context has ctx's values, not its end.
// Errors: fn's; CodeUnavailable where ctx ends first, or the group is closed; CodeInternal where fn panicked.
func (g *Group[V]) Do(ctx context.Context, key string, fn func(context.Context) (V, error)) (V, error) {
	c, err := g.join(ctx, key, fn)
	if err != nil {
		var none V
		return none, err
	}
	select {
	case <-c.done:
		return c.value, c.err
	case <-ctx.Done():
		var none V
		return none, dps.Wrap(dps.CodeUnavailable, ctx.Err(), "no answer in time")
	}
}

// Close ends the calls under way and waits for them. Later calls of Do fail.
func (g *Group[V]) Close() {
	g.mu.Lock()
	g.closed = true
	for _, c := range g.calls {
		c.cancel()
	}
	g.mu.Unlock()
	g.running.Wait()
}

func (g *Group[V]) join(ctx context.Context, key string, fn func(context.Context) (V, error)) (*call[V], error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.closed {
		return nil, dps.Errorf(dps.CodeUnavailable, "the service is shutting down")
	}
	if c, ok := g.calls[key]; ok {
		return c, nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.timeout)
	c := &call[V]{cancel: cancel, done: make(chan struct{})}
	g.calls[key] = c
	g.running.Go(func() {
		defer cancel()
		g.run(ctx, key, c, fn)
	})
	return c, nil
}

func (g *Group[V]) run(ctx context.Context, key string, c *call[V], fn func(context.Context) (V, error)) {
	finished := false
	defer func() {
		if !finished { // nobody above this goroutine could recover, and one bad answer must not end the process
			c.err = dps.Errorf(dps.CodeInternal, "internal error: %v", recover())
		}
		g.mu.Lock()
		delete(g.calls, key)
		g.mu.Unlock()
		close(c.done)
	}()
	c.value, c.err = fn(ctx)
	finished = true
}
