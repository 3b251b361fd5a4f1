package telemetry_test

import (
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"dps/shared/telemetry"
)

// clock is a time that tests move by hand.
type clock struct{ elapsed atomic.Int64 }

func (c *clock) now() time.Time { return at.Add(time.Duration(c.elapsed.Load())) }

func (c *clock) pass(d time.Duration) { c.elapsed.Add(int64(d)) }

func TestLimiterOncePerMinuteAndKey(t *testing.T) {
	var c clock
	l := telemetry.NewLimiter(c.now)
	wantAllow := func(key string, wantOK bool, wantSuppressed int) {
		t.Helper()
		if ok, n := l.Allow(key); ok != wantOK || n != wantSuppressed {
			t.Fatalf("Allow(%q) = %t, %d; want %t, %d", key, ok, n, wantOK, wantSuppressed)
		}
	}
	wantAllow("a", true, 0)
	wantAllow("a", false, 0)
	wantAllow("b", true, 0)
	c.pass(telemetry.LimiterInterval - 1)
	wantAllow("a", false, 0)
	c.pass(1)
	wantAllow("a", true, 2)
	wantAllow("a", false, 0)
	c.pass(telemetry.LimiterInterval)
	wantAllow("a", true, 1)
}

func TestLimiterBoundsItsKeys(t *testing.T) {
	var c clock
	l := telemetry.NewLimiter(c.now)
	for i := range telemetry.MaxLimiterKeys {
		if ok, _ := l.Allow(strconv.Itoa(i)); !ok {
			t.Fatalf("key %d is held back", i)
		}
	}
	if ok, _ := l.Allow("one too many"); !ok {
		t.Fatal("the first beyond the bound is held back")
	}
	for _, key := range []string{"another", "one too many"} {
		if ok, _ := l.Allow(key); ok {
			t.Errorf("%q passes: keys beyond the bound share one allowance", key)
		}
	}
	c.pass(telemetry.LimiterInterval)
	if ok, n := l.Allow("another"); !ok || n != 0 {
		t.Errorf("after the sweep a new key starts anew: %t, %d", ok, n)
	}
}

func TestLimiterLosesNoCount(t *testing.T) {
	var c clock
	l := telemetry.NewLimiter(c.now)
	for i := range telemetry.MaxLimiterKeys {
		l.Allow(strconv.Itoa(i))
		l.Allow(strconv.Itoa(i))
	}
	l.Allow("beyond")
	c.pass(telemetry.LimiterInterval)
	l.Allow("sweeps") // every old key is forgotten, its one held-back event kept in the shared count
	for i := range telemetry.MaxLimiterKeys - 1 {
		l.Allow("n" + strconv.Itoa(i))
	}
	if ok, n := l.Allow("beyond again"); !ok || n != telemetry.MaxLimiterKeys {
		t.Errorf("Allow = %t, %d; want true, %d", ok, n, telemetry.MaxLimiterKeys)
	}
}

func TestLimiterConcurrently(t *testing.T) {
	var c clock
	l := telemetry.NewLimiter(c.now)
	var passed atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if ok, _ := l.Allow("k"); ok {
					passed.Add(1)
				}
			}
		})
	}
	wg.Wait()
	c.pass(telemetry.LimiterInterval)
	if ok, n := l.Allow("k"); passed.Load() != 1 || !ok || n != 799 {
		t.Errorf("passed %d, then %t, %d; want 1, true, 799", passed.Load(), ok, n)
	}
}
