package lambda

import (
	"slices"
	"sync"
	"time"
)

// maxInitTimes bounds how many init times are kept: the first ones.
const maxInitTimes = 1000

// Stats are what has happened to one function.
type Stats struct {
	Started        int // instances
	Killed         int // instances, by a fault
	Invocations    int // deliveries to instances, retries and doubles included
	FunctionErrors int // of these
	Throttles      int // calls of Invoke, at the limit or by a fault
	Doubled        int // asynchronous events delivered twice by a fault
	Retries        int // further deliveries of asynchronous events
	DeadLetters    int
	InitTimes      []time.Duration // from the start of a process to its first next, in order
}

type counters struct {
	mu    sync.Mutex
	stats Stats
}

func (c *counters) add(change func(*Stats)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change(&c.stats)
}

func (c *counters) initTook(d time.Duration) {
	c.add(func(s *Stats) {
		if len(s.InitTimes) < maxInitTimes {
			s.InitTimes = append(s.InitTimes, d)
		}
	})
}

func (c *counters) snapshot() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stats
	s.InitTimes = slices.Clone(s.InitTimes)
	return s
}
