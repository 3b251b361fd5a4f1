package telemetry

import (
	"sync"
	"sync/atomic"
)

// Bounds of Counters.
const (
	MaxCounterReasons = 64      // reasons per counter; further ones are counted under OtherReason
	MaxCounterNames   = 256     // counters; further ones are counted under OtherReason, as name and as reason
	OtherReason       = "other" // what is counted once the bounds are reached
)

// Counters are named counts, each split by one small label, the reason. The zero value is ready; it is safe for concurrent
// use, and counting what was counted before allocates nothing. Names and reasons are meant to be constants of the code: the
// bounds are for the day one of them is not.
type Counters struct {
	mu    sync.RWMutex // of the maps; the counts themselves are atomic
	cells map[cellKey]*cell
	names map[string]int // reasons of each name
	// resolve, where set, says which series a new cell is part of.
	resolve func(name, reason string) *series
}

type cellKey struct{ name, reason string }

// cell is the count of one name and reason.
type cell struct {
	n      atomic.Uint64
	series *series
}

// Add counts one event of the name for the reason; "" is no reason.
func (c *Counters) Add(name, reason string) { c.AddN(name, reason, 1) }

// AddN counts n events at once.
func (c *Counters) AddN(name, reason string, n uint64) {
	c.mu.RLock()
	known := c.cells[cellKey{name, reason}]
	c.mu.RUnlock()
	if known == nil {
		known = c.open(name, reason)
	}
	known.n.Add(n)
}

// Get gives one count.
func (c *Counters) Get(name, reason string) uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if known := c.cells[cellKey{name, reason}]; known != nil {
		return known.n.Load()
	}
	return 0
}

// Snapshot gives all counts, keyed `name` or `name{reason}`.
func (c *Counters) Snapshot() map[string]uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	all := make(map[string]uint64, len(c.cells))
	for key, cell := range c.cells {
		all[snapshotKey(key.name, key.reason)] = cell.n.Load()
	}
	return all
}

// open gives the cell, making it where it is new and the bounds allow.
func (c *Counters) open(name, reason string) *cell {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.cells == nil {
		c.cells, c.names = make(map[cellKey]*cell), make(map[string]int)
	}
	if _, known := c.names[name]; !known && len(c.names) >= MaxCounterNames {
		name, reason = OtherReason, OtherReason
	}
	key := cellKey{name, reason}
	if _, known := c.cells[key]; !known && c.names[name] >= MaxCounterReasons {
		key.reason = OtherReason
	}
	if known := c.cells[key]; known != nil {
		return known
	}
	fresh := new(cell)
	if c.resolve != nil {
		fresh.series = c.resolve(key.name, key.reason)
	}
	c.cells[key] = fresh
	c.names[name]++
	return fresh
}

// totals sums the counts by series.
func (c *Counters) totals() map[*series]uint64 {
	c.mu.RLock()
	defer c.mu.RUnlock()
	sums := make(map[*series]uint64, len(c.cells))
	for _, cell := range c.cells {
		if cell.series != nil {
			sums[cell.series] += cell.n.Load()
		}
	}
	return sums
}

func snapshotKey(name, reason string) string {
	if reason == "" {
		return name
	}
	return name + "{" + reason + "}"
}
