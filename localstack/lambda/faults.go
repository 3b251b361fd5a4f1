package lambda

import (
	"hash/fnv"
	"math/rand/v2"
	"sync"
	"time"

	"dps/shared/dps"
)

// Faults are what a function is hit by at random, as shares from 0 (never) to 1 (always). The zero value is none.
type Faults struct {
	Throttle float64 // of calls of Invoke: answered with 429
	Kill     float64 // of deliveries: the process is killed, half of them as it gets the event, half when its work is done
	Twice    float64 // of asynchronous events: delivered twice, at the same time
	Slow     float64 // of deliveries: delayed by SlowBy before an instance gets them
	SlowBy   time.Duration
}

func (f Faults) check() error {
	for _, share := range []struct {
		name  string
		value float64
	}{{"Throttle", f.Throttle}, {"Kill", f.Kill}, {"Twice", f.Twice}, {"Slow", f.Slow}} {
		if !(share.value >= 0 && share.value <= 1) {
			return dps.Errorf(dps.CodeInvalid, "faults: %s is %v, want a share from 0 to 1", share.name, share.value)
		}
	}
	if f.SlowBy < 0 {
		return dps.Errorf(dps.CodeInvalid, "faults: SlowBy is %s, want no negative time", f.SlowBy)
	}
	return nil
}

// fate is what is in store for one delivery.
type fate struct {
	delay time.Duration
	kill  killPoint
}

type killPoint int

const (
	killNever killPoint = iota
	killOnDelivery
	killOnAnswer
)

// dice decide for one function whom the faults hit: each by its own sequence, so that one share does not move another's hits.
type dice struct {
	mu                           sync.Mutex
	faults                       Faults
	throttling, killing, doubles *rand.Rand
	slowing                      *rand.Rand
}

func newDice(seed uint64, name string) *dice {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(name))                                                              // a hash never fails
	sequence := func(n uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, sum.Sum64()+n)) } //nolint:gosec // faults, not keys
	return &dice{throttling: sequence(0), killing: sequence(1), doubles: sequence(2), slowing: sequence(3)}
}

func (d *dice) set(f Faults) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = f
}

func (d *dice) throttled() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.throttling.Float64() < d.faults.Throttle
}

func (d *dice) twice() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.doubles.Float64() < d.faults.Twice
}

func (d *dice) fate() (f fate) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.slowing.Float64() < d.faults.Slow {
		f.delay = d.faults.SlowBy
	}
	if throw := d.killing.Float64(); throw < d.faults.Kill/2 {
		f.kill = killOnDelivery
	} else if throw < d.faults.Kill {
		f.kill = killOnAnswer
	}
	return f
}
