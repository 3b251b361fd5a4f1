package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// driver leads devices through flows against one server, in turns, so that a device comes again only after all others.
type driver struct {
	target      string
	devices     []*device
	concurrency int
	taken       atomic.Uint64
}

func (d *driver) nextDevice() *device {
	return d.devices[(d.taken.Add(1)-1)%uint64(len(d.devices))]
}

// outcome is what a number of flows came to.
type outcome struct {
	elapsed   time.Duration
	latencies []time.Duration // of flows that succeeded, in no order
	failed    int
	firstErr  error
}

// err tells of failed flows.
func (o outcome) err() error {
	if o.failed == 0 {
		return nil
	}
	return fmt.Errorf("%d of %d flows failed, the first: %w", o.failed, o.failed+len(o.latencies), o.firstErr)
}

// run drives flows and awaits them all. progress is told how many are done, from many goroutines.
func (d *driver) run(ctx context.Context, flows int, progress func(done int)) (outcome, error) {
	var left, done atomic.Int64
	left.Store(int64(flows))
	parts := make([]outcome, d.concurrency)
	var wg sync.WaitGroup
	start := time.Now()
	for i := range parts {
		w, err := newWorker(d.target)
		if err != nil {
			return outcome{}, err
		}
		wg.Go(func() {
			for left.Add(-1) >= 0 && ctx.Err() == nil {
				parts[i].add(d.timed(ctx, w))
				progress(int(done.Add(1)))
			}
		})
	}
	wg.Wait()
	total := outcome{elapsed: time.Since(start)}
	for _, p := range parts {
		total.merge(p)
	}
	return total, ctx.Err()
}

// timed leads the next device through its flow.
func (d *driver) timed(ctx context.Context, w *worker) (time.Duration, error) {
	device, start := d.nextDevice(), time.Now()
	err := w.flow(ctx, device, nil)
	return time.Since(start), err
}

func (o *outcome) add(latency time.Duration, err error) {
	if err == nil {
		o.latencies = append(o.latencies, latency)
		return
	}
	if o.failed++; o.firstErr == nil {
		o.firstErr = err
	}
}

func (o *outcome) merge(p outcome) {
	o.latencies = append(o.latencies, p.latencies...)
	if o.failed += p.failed; o.firstErr == nil {
		o.firstErr = p.firstErr
	}
}
