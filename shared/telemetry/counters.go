package telemetry

import "sync"

// Bounds of Counters.
const (
	MaxCounterReasons = 64      // reasons per counter; further ones are counted under OtherReason
	MaxCounterNames   = 256     // counters; further ones are counted under OtherReason, as name and as reason
	OtherReason       = "other" // what is counted once the bounds are reached
)

// Counters are named counts, each split by one small label, the reason. The zero value is ready; it is safe for concurrent
// use. Names and reasons are meant to be constants of the code: the bounds are for the day one of them is not.
type Counters struct {
	mu     sync.RWMutex
	counts map[string]map[string]uint64 // name, reason
}

// Add counts one event of the name for the reason; "" is no reason.
func (c *Counters) Add(name, reason string) { c.AddN(name, reason, 1) }

// AddN counts n events at once.
func (c *Counters) AddN(name, reason string, n uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = make(map[string]map[string]uint64)
	}
	if _, known := c.counts[name]; !known && len(c.counts) >= MaxCounterNames {
		name, reason = OtherReason, OtherReason
	}
	reasons := c.counts[name]
	if reasons == nil {
		reasons = make(map[string]uint64)
		c.counts[name] = reasons
	}
	if _, known := reasons[reason]; !known && len(reasons) >= MaxCounterReasons {
		reason = OtherReason
	}
	reasons[reason] += n
}

// Get gives one count.
func (c *Counters) Get(name, reason string) uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.counts[name][reason]
}

// Snapshot gives all counts at one moment, keyed `name` or `name{reason}`.
func (c *Counters) Snapshot() map[string]uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	all := make(map[string]uint64)
	for name, reasons := range c.counts {
		for reason, n := range reasons {
			all[snapshotKey(name, reason)] = n
		}
	}
	return all
}

func snapshotKey(name, reason string) string {
	if reason == "" {
		return name
	}
	return name + "{" + reason + "}"
}
