package main

import (
	"context"
	"time"
)

// settleTime is waited after each round: the service stores a step's result up to half a second after its answer, and that
// is part of what a flow costs.
const settleTime = 700 * time.Millisecond

// turn is what one server came to in one round.
type turn struct {
	FlowsPerSecond float64 `json:"flowsPerSecond"`
	P50            float64 `json:"p50Ms"`
	P99            float64 `json:"p99Ms"`
	CPU            float64 `json:"cpuMsPerFlow"`
	Allocations    float64 `json:"allocationsPerFlow"`
	Allocated      float64 `json:"allocatedKiBPerFlow"`
}

// subject is a server under test and who drives it.
type subject struct {
	process *process
	driver  *driver
}

// turn drives flows and tells what they cost the server. Errors: where any flow failed.
func (s subject) turn(ctx context.Context, flows int, progress func(done int)) (turn, error) {
	before, err := s.process.ask(command{Do: doSample})
	if err != nil {
		return turn{}, err
	}
	out, err := s.driver.run(ctx, flows, progress)
	if err != nil {
		return turn{}, err
	}
	if err := out.err(); err != nil {
		return turn{}, err
	}
	if err := pause(ctx, settleTime); err != nil {
		return turn{}, err
	}
	after, err := s.process.ask(command{Do: doSample})
	if err != nil {
		return turn{}, err
	}
	return newTurn(out, before.Sample, after.Sample), nil
}

func newTurn(out outcome, before, after sample) turn {
	n := float64(len(out.latencies))
	return turn{
		FlowsPerSecond: n / out.elapsed.Seconds(),
		P50:            milliseconds(percentile(out.latencies, 50)),
		P99:            milliseconds(percentile(out.latencies, 99)),
		CPU:            milliseconds(after.CPU-before.CPU) / n,
		Allocations:    float64(after.Allocations-before.Allocations) / n,
		Allocated:      float64(after.Allocated-before.Allocated) / 1024 / n,
	}
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// pause waits, or until ctx is done.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
