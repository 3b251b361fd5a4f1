package device

import (
	"cmp"
	"errors"
	"slices"
	"sync"
	"time"

	"dps/shared/dps"
)

// stepSetup stands for a device that could not even be made.
const stepSetup Step = "setup"

// tally counts what happens to the devices of a fleet.
type tally struct {
	mu        sync.Mutex
	ok        int
	failed    int
	retries   int
	restarts  int
	errors    map[errorKey]*ErrorCount
	durations map[Step][]time.Duration
}

type errorKey struct {
	step   Step
	reason Reason
}

func newTally() *tally {
	return &tally{errors: make(map[errorKey]*ErrorCount), durations: make(map[Step][]time.Duration)}
}

// listen gives an observer that counts, then tells the next one.
func (t *tally) listen(next func(Event)) func(Event) {
	return func(e Event) {
		t.count(e)
		if next != nil {
			next(e)
		}
	}
}

func (t *tally) count(e Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch e.Kind {
	case EventConnected, EventDone:
		t.durations[e.Step] = append(t.durations[e.Step], e.Duration)
	case EventRetry:
		t.retries++
	case EventRestart:
		t.restarts++
	}
}

// end counts a device that is through.
func (t *tally) end(err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		t.ok++
		return
	}
	t.failed++
	var e *Error
	if !errors.As(err, &e) {
		e = &Error{Step: stepSetup, Reason: Reason(dps.CodeOf(err)), Detail: clip(err.Error())}
	}
	key := errorKey{step: e.Step, reason: e.Reason}
	if t.errors[key] == nil {
		t.errors[key] = &ErrorCount{Step: e.Step, Reason: e.Reason, Example: e.Detail}
	}
	t.errors[key].Count++
}

// summary gives what was counted.
func (t *tally) summary(elapsed time.Duration) *Summary {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &Summary{OK: t.ok, Failed: t.failed, Retries: t.retries, Restarts: t.restarts, Elapsed: elapsed}
	if elapsed > 0 {
		s.FlowsPerSecond = float64(t.ok) / elapsed.Seconds()
	}
	for _, e := range t.errors {
		s.Errors = append(s.Errors, *e)
	}
	slices.SortFunc(s.Errors, func(a, b ErrorCount) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Step, b.Step), cmp.Compare(a.Reason, b.Reason))
	})
	for _, step := range AllSteps() {
		if d := t.durations[step]; len(d) > 0 {
			s.Latencies = append(s.Latencies, newLatency(step, d))
		}
	}
	return s
}

func newLatency(step Step, d []time.Duration) Latency {
	d = slices.Sorted(slices.Values(d))
	return Latency{Step: step, Count: len(d), P50: percentile(d, 50), P99: percentile(d, 99), Max: d[len(d)-1]}
}

// percentile gives the nearest-rank percentile of sorted durations.
func percentile(sorted []time.Duration, p int) time.Duration {
	rank := (len(sorted)*p + 99) / 100
	return sorted[max(rank, 1)-1]
}
