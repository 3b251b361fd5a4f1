package lambda

import (
	"context"
	"sync"
	"time"

	"dps/shared/dps"
)

// DeadLetter is an asynchronous event that was given up.
type DeadLetter struct {
	Function  string
	RequestID string
	Payload   []byte
	Error     []byte // the last attempt's, in Lambda's JSON
	Attempts  int
}

// enqueue takes an asynchronous event. Errors: CodeThrottled where too many wait.
func (h *Harness) enqueue(f *function, c call) error {
	deliveries := 1
	if f.dice.twice() {
		deliveries = 2
		f.stats.add(func(s *Stats) { s.Doubled++ })
	}
	if !h.queue.add(deliveries) {
		return dps.Errorf(dps.CodeThrottled, "%d asynchronous events wait already", MaxQueued)
	}
	h.running.Go(func() { defer h.queue.done(); h.deliver(f, c) })
	if deliveries == 2 {
		// Once more at the same time, and whatever becomes of it: Lambda promises at least once, not exactly.
		h.running.Go(func() { defer h.queue.done(); _, _ = f.invoke(h.life, c, untilServed) })
	}
	return nil
}

// deliver tries until the function takes the event or the attempts are used up. Waiting for an instance is no attempt.
func (h *Harness) deliver(f *function, c call) {
	for attempt := 1; ; attempt++ {
		res, err := f.invoke(h.life, c, untilServed)
		if h.life.Err() != nil {
			return // Close tells that events were under way
		}
		if err != nil {
			res = exited(c.id, err.Error())
		}
		switch {
		case !res.failed:
			return
		case attempt > len(h.o.RetryDelays):
			h.bury(f, DeadLetter{Function: f.cfg.Name, RequestID: c.id, Payload: c.payload, Error: res.payload, Attempts: attempt})
			return
		}
		f.stats.add(func(s *Stats) { s.Retries++ })
		if !h.sleep(h.life, h.o.RetryDelays[attempt-1]) {
			return
		}
	}
}

func (h *Harness) bury(f *function, letter DeadLetter) {
	f.stats.add(func(s *Stats) { s.DeadLetters++ })
	h.mu.Lock()
	h.deadLetters = append(h.deadLetters, letter)
	h.mu.Unlock()
	if h.o.OnDeadLetter != nil {
		h.o.OnDeadLetter(letter)
	}
}

// sleep waits; false where ctx or the harness ends first.
func (h *Harness) sleep(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return h.life.Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	case <-h.life.Done():
		return false
	}
}

// queue counts the deliveries under way.
type queue struct {
	mu    sync.Mutex
	n     int
	empty chan struct{} // closed when n is 0; nil where nobody waits
}

func (q *queue) add(n int) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.n+n > MaxQueued {
		return false
	}
	q.n += n
	return true
}

func (q *queue) done() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.n--
	if q.n == 0 && q.empty != nil {
		close(q.empty)
		q.empty = nil
	}
}

func (q *queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.n
}

func (q *queue) drain(ctx context.Context) error {
	q.mu.Lock()
	if q.n == 0 {
		q.mu.Unlock()
		return nil
	}
	if q.empty == nil {
		q.empty = make(chan struct{})
	}
	empty := q.empty
	q.mu.Unlock()
	select {
	case <-empty:
		return nil
	case <-ctx.Done():
		return dps.Wrap(dps.CodeUnavailable, ctx.Err(), "asynchronous events are still under way")
	}
}
