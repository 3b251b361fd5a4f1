// Package recorder takes step results from the connections and brings them to the record function in batches. Nobody
// waits for it, and nothing is lost: what the function does not take is retried, and what cannot wait in memory waits on
// disk.
package recorder

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"dps/shared/contract"
	"dps/shared/dps"
)

// Bounds of batches and of what waits.
const (
	BatchSize     = 100                    // results in a batch
	BatchInterval = 500 * time.Millisecond // the oldest result of a batch waits no longer
	maxWaiting    = 20_000                 // results in memory; beyond it, the oldest go to the spool
	callTimeout   = 10 * time.Second       // one call of the record function
	maxBackoff    = 30 * time.Second       // between attempts while the function fails
	sequenceBase  = 36
)

// Function is the record function.
type Function interface {
	Record(ctx context.Context, req contract.RecordRequest) (contract.RecordReply, error)
}

// Options are what a Recorder needs.
type Options struct {
	Function Function
	Spool    *Spool // nil: what does not fit into memory is dropped and counted
	Log      *slog.Logger
	Count    func(name, reason string)
}

// Recorder is safe for concurrent use.
type Recorder struct {
	o     Options
	mu    sync.Mutex
	queue []dps.StepResult
	wake  chan struct{} // a batch is full

	delivering sync.Mutex // one delivery at a time, so that Flush waits for what Run has under way
}

// New makes a recorder; Run delivers.
func New(o Options) *Recorder {
	return &Recorder{o: o, wake: make(chan struct{}, 1)}
}

// Add takes one result. It never waits for the function; only a queue that has outgrown the memory waits for the disk.
func (r *Recorder) Add(result dps.StepResult) {
	r.mu.Lock()
	r.queue = append(r.queue, result)
	n := len(r.queue)
	var overflow []dps.StepResult
	if n > maxWaiting {
		overflow = append(overflow, r.queue[:BatchSize]...)
		r.queue = append(r.queue[:0], r.queue[BatchSize:]...)
	}
	r.mu.Unlock()
	if n >= BatchSize {
		select {
		case r.wake <- struct{}{}:
		default:
		}
	}
	if overflow != nil {
		r.spool(overflow)
	}
}

// Waiting is how many results are in memory.
func (r *Recorder) Waiting() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.queue)
}

// OldestAge is how long the oldest result in memory has waited by its own time; 0 where none waits.
func (r *Recorder) OldestAge(now time.Time) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.queue) == 0 {
		return 0
	}
	return max(0, now.Sub(r.queue[0].Time))
}

// Run delivers batches until ctx is done; Flush delivers the rest.
func (r *Recorder) Run(ctx context.Context) {
	backoff := BatchInterval
	timer := time.NewTimer(BatchInterval)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
			if backoff > BatchInterval { // failing: full batches do not hurry it
				continue
			}
		case <-timer.C:
		}
		if r.deliver(ctx) {
			backoff = BatchInterval
		} else {
			backoff = min(2*backoff, maxBackoff)
		}
		timer.Reset(backoff)
	}
}

// Flush delivers everything that waits, in memory and on disk; what the function does not take by ctx's end is spooled.
func (r *Recorder) Flush(ctx context.Context) {
	for r.deliver(ctx) && r.Waiting() > 0 {
	}
	for batch := r.take(); len(batch) > 0; batch = r.take() {
		r.spool(batch)
	}
}

// deliver brings what waits to the function, batch by batch, then what was spooled. False: the function does not take
// any now.
func (r *Recorder) deliver(ctx context.Context) bool {
	r.delivering.Lock()
	defer r.delivering.Unlock()
	for batch := r.take(); len(batch) > 0; batch = r.take() {
		if !r.send(ctx, batch) {
			r.putBack(batch)
			return false
		}
		if len(batch) < BatchSize {
			break
		}
	}
	if r.o.Spool == nil {
		return true
	}
	return r.o.Spool.Drain(func(batch []dps.StepResult) bool { return r.send(ctx, batch) })
}

// send calls the function. A batch that it calls invalid is tried result by result: one that it never takes must not
// hold back the others.
func (r *Recorder) send(ctx context.Context, batch []dps.StepResult) bool {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err := r.o.Function.Record(ctx, contract.RecordRequest{Results: batch})
	switch code := dps.CodeOf(err); {
	case err == nil:
		r.o.Count("record", "stored")
		return true
	case code == dps.CodeInvalid && len(batch) == 1:
		r.o.Count("record", "refused")
		r.o.Log.Error("record refused for good", "record", batch[0].RecordID, "step", batch[0].Step, "error", err)
		return true
	case code == dps.CodeInvalid:
		for i := range batch {
			if !r.send(ctx, batch[i:i+1]) {
				return false // all of it comes again: results may come twice
			}
		}
		return true
	default:
		r.o.Count("record", "failed")
		r.o.Log.Warn("records wait: the record function does not take them", "batch", len(batch), "waiting", r.Waiting(), "error", err)
		return false
	}
}

func (r *Recorder) take() []dps.StepResult {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := min(len(r.queue), BatchSize)
	batch := append([]dps.StepResult(nil), r.queue[:n]...)
	rest := copy(r.queue, r.queue[n:])
	clear(r.queue[rest:])
	r.queue = r.queue[:rest]
	return batch
}

func (r *Recorder) putBack(batch []dps.StepResult) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue = append(batch, r.queue...)
}

func (r *Recorder) spool(batch []dps.StepResult) {
	if r.o.Spool != nil {
		err := r.o.Spool.Append(batch)
		if err == nil {
			r.o.Count("record", "spooled")
			return
		}
		r.o.Log.Error("records cannot be spooled", "error", err)
	}
	for range batch {
		r.o.Count("record", "lost")
	}
	r.o.Log.Error("records are lost: neither the record function nor a spool takes them", "batch", len(batch))
}
