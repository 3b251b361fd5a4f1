package telemetry_test

import (
	"maps"
	"strconv"
	"sync"
	"testing"

	"dps/shared/telemetry"
)

func TestCounters(t *testing.T) {
	var c telemetry.Counters
	c.Add("attested", "")
	c.Add("refused", "expired")
	c.AddN("refused", "expired", 2)
	c.Add("refused", "unknown")
	want := map[string]uint64{"attested": 1, "refused{expired}": 3, "refused{unknown}": 1}
	if got := c.Snapshot(); !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if c.Get("refused", "expired") != 3 || c.Get("refused", "never") != 0 || c.Get("never", "") != 0 {
		t.Error("Get disagrees with Snapshot")
	}
}

func TestCountersBoundReasons(t *testing.T) {
	var c telemetry.Counters
	for i := range telemetry.MaxCounterReasons + 10 {
		c.Add("refused", strconv.Itoa(i))
	}
	if got := c.Get("refused", telemetry.OtherReason); got != 10 {
		t.Errorf("other = %d, want 10", got)
	}
	if got := len(c.Snapshot()); got != telemetry.MaxCounterReasons+1 {
		t.Errorf("%d counts, want %d and other", got, telemetry.MaxCounterReasons)
	}
}

func TestCountersBoundNames(t *testing.T) {
	var c telemetry.Counters
	for i := range telemetry.MaxCounterNames + 10 {
		c.Add(strconv.Itoa(i), "r")
	}
	if got := c.Get(telemetry.OtherReason, telemetry.OtherReason); got != 10 {
		t.Errorf("other = %d, want 10", got)
	}
}

func TestCountersConcurrently(t *testing.T) {
	var c telemetry.Counters
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				c.Add("n", "r")
				_ = c.Snapshot()
			}
		})
	}
	wg.Wait()
	if got := c.Get("n", "r"); got != 800 {
		t.Errorf("got %d, want 800", got)
	}
}
