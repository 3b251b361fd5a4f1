package flight_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"dps/shared/dps"
	"dps/shared/flight"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestOneCallServesAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := flight.New[int](time.Minute)
		defer g.Close()
		var calls atomic.Int32
		release := make(chan struct{})
		var waiting sync.WaitGroup
		for range 50 {
			waiting.Go(func() {
				v, err := g.Do(t.Context(), "a", func(context.Context) (int, error) { calls.Add(1); <-release; return 7, nil })
				if v != 7 || err != nil {
					t.Errorf("got %d, %v", v, err)
				}
			})
		}
		synctest.Wait()
		close(release)
		waiting.Wait()
		if calls.Load() != 1 {
			t.Fatalf("%d calls, want 1", calls.Load())
		}
		if v, err := g.Do(t.Context(), "a", func(context.Context) (int, error) { return 8, nil }); v != 8 || err != nil {
			t.Fatalf("the next call gives %d, %v: nothing may be remembered", v, err)
		}
	})
}

func TestTheFirstCallersEndFailsNobodyElse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := flight.New[int](time.Minute)
		defer g.Close()
		release := make(chan struct{})
		fn := func(ctx context.Context) (int, error) { <-release; return 7, ctx.Err() }
		first, cancel := context.WithCancel(t.Context())
		var both sync.WaitGroup
		both.Go(func() {
			if _, err := g.Do(first, "a", fn); dps.CodeOf(err) != dps.CodeUnavailable || !errors.Is(err, context.Canceled) {
				t.Errorf("the first got %v", err)
			}
		})
		synctest.Wait()
		both.Go(func() {
			if v, err := g.Do(t.Context(), "a", fn); v != 7 || err != nil {
				t.Errorf("the second got %d, %v", v, err)
			}
		})
		synctest.Wait()
		cancel()
		synctest.Wait()
		close(release)
		both.Wait()
	})
}

func TestACallHasItsOwnDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := flight.New[int](time.Second)
		defer g.Close()
		started := time.Now()
		_, err := g.Do(t.Context(), "a", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != time.Second {
			t.Fatalf("%v after %s", err, time.Since(started))
		}
	})
}

func TestPanicIsAnError(t *testing.T) {
	g := flight.New[int](time.Second)
	defer g.Close()
	_, err := g.Do(t.Context(), "a", func(context.Context) (int, error) { panic("oops") })
	if dps.CodeOf(err) != dps.CodeInternal {
		t.Fatalf("error %v, want internal", err)
	}
}

func TestCloseEndsWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := flight.New[int](time.Hour)
		var caller sync.WaitGroup
		caller.Go(func() {
			_, err := g.Do(t.Context(), "a", func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
			if !errors.Is(err, context.Canceled) {
				t.Errorf("error %v", err)
			}
		})
		synctest.Wait()
		g.Close()
		caller.Wait()
		if _, err := g.Do(t.Context(), "b", func(context.Context) (int, error) { return 1, nil }); dps.CodeOf(err) != dps.CodeUnavailable {
			t.Fatalf("after Close: %v", err)
		}
	})
}
