package main

import (
	"context"
	"fmt"
	"time"
)

// quietTime is waited before a leak is looked for: connections to the hub that nobody uses are closed by then.
const quietTime = 2*idleHubConnections + settleTime

// idleHubConnections is how long the service keeps an idle connection to the hub; short, so that only leaks remain.
const idleHubConnections = time.Second

// soak is what a server holds before and after many flows, everything unused given back.
type soak struct {
	Flows  int    `json:"flows"`
	Before sample `json:"before"`
	After  sample `json:"after"`
}

// soak drives flows and compares.
func (s subject) soak(ctx context.Context, flows int, progress func(int)) (soak, error) {
	before, err := s.quiet(ctx)
	if err != nil {
		return soak{}, err
	}
	out, err := s.driver.run(ctx, flows, progress)
	if err != nil {
		return soak{}, err
	}
	if err := out.err(); err != nil {
		return soak{}, fmt.Errorf("soak: %w", err)
	}
	after, err := s.quiet(ctx)
	return soak{Flows: flows, Before: before, After: after}, err
}

// quiet waits until all work has ended, and looks.
func (s subject) quiet(ctx context.Context) (sample, error) {
	if err := pause(ctx, quietTime); err != nil {
		return sample{}, err
	}
	r, err := s.process.ask(command{Do: doCollect})
	return r.Sample, err
}

// err tells of what has leaked. Memory is reported, not judged: heaps breathe.
func (s soak) err() error {
	if s.After.Goroutines > s.Before.Goroutines || s.After.Descriptors > s.Before.Descriptors {
		return fmt.Errorf("leak over %d flows: goroutines %d → %d, descriptors %d → %d", s.Flows,
			s.Before.Goroutines, s.After.Goroutines, s.Before.Descriptors, s.After.Descriptors)
	}
	return nil
}
