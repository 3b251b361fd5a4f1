package resilience_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/resilience"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var errDown = dps.Errorf(dps.CodeUnavailable, "it is down")

// failing gives an operation that fails n times with err, then succeeds, and how often it was called.
func failing(n int, err error) (op func(context.Context) error, calls *int) {
	calls = new(int)
	return func(context.Context) error {
		*calls++
		if *calls <= n {
			return err
		}
		return nil
	}, calls
}

func TestDoTriesAgainWhatMayHelp(t *testing.T) {
	throttled := dps.Errorf(dps.CodeThrottled, "too much")
	tests := []struct {
		name     string
		failures int
		err      error
		calls    int
		code     dps.Code
	}{
		{"success at once", 0, nil, 1, ""},
		{"unavailable once", 1, errDown, 2, ""},
		{"throttled twice", 2, throttled, 3, ""},
		{"unavailable for ever", 99, errDown, resilience.DefaultAttempts, dps.CodeUnavailable},
		{"invalid", 99, dps.Errorf(dps.CodeInvalid, "nonsense"), 1, dps.CodeInvalid},
		{"denied", 99, dps.Errorf(dps.CodeDenied, "no"), 1, dps.CodeDenied},
		{"final", 99, resilience.Final(errDown), 1, dps.CodeUnavailable},
		{"unknown", 99, errors.New("?"), 1, dps.CodeInternal},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				op, calls := failing(tt.failures, tt.err)
				err := resilience.New("thing", resilience.Options{}).Do(t.Context(), "a", op)
				if dps.CodeOf(err) != tt.code || *calls != tt.calls {
					t.Fatalf("%d calls, error %v; want %d and code %q", *calls, err, tt.calls, tt.code)
				}
			})
		})
	}
}

func TestDoTakesTheMarkOffAgain(t *testing.T) {
	err := resilience.New("thing", resilience.Options{}).Do(t.Context(), "a", func(context.Context) error { return resilience.Final(errDown) })
	if err != error(errDown) { //nolint:errorlint // the very same is what is promised
		t.Fatalf("error %#v, want the operation's own", err)
	}
	if resilience.Final(nil) != nil {
		t.Fatal("Final(nil) is an error")
	}
}

// With n seconds left, the operation hangs, and still the answer is there before the deadline.
func TestDoKeepsTheDeadline(t *testing.T) {
	for _, budget := range []time.Duration{50 * time.Millisecond, time.Second, 6 * time.Second, 30 * time.Second} {
		t.Run(budget.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), budget)
				defer cancel()
				started := time.Now()
				err := resilience.New("thing", resilience.Options{}).Do(ctx, "a", func(ctx context.Context) error {
					<-ctx.Done()
					return dps.Wrap(dps.CodeUnavailable, ctx.Err(), "no answer")
				})
				if took := time.Since(started); took > budget {
					t.Errorf("took %s of %s", took, budget)
				}
				if dps.CodeOf(err) != dps.CodeUnavailable {
					t.Errorf("error %v", err)
				}
			})
		})
	}
}

func TestDoGivesABudgetWhereTheCallerHasNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		_ = resilience.New("thing", resilience.Options{}).Do(t.Context(), "a", func(ctx context.Context) error {
			<-ctx.Done()
			return dps.Wrap(dps.CodeUnavailable, ctx.Err(), "no answer")
		})
		if took := time.Since(started); took > resilience.DefaultBudget {
			t.Fatalf("took %s, want at most %s", took, resilience.DefaultBudget)
		}
	})
}

func TestDoMakesNoAttemptThatIsTooShort(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), resilience.MinAttempt)
		defer cancel()
		started := time.Now()
		op, calls := failing(99, errDown)
		err := resilience.New("thing", resilience.Options{}).Do(ctx, "a", op)
		if *calls != 1 || err != error(errDown) || time.Since(started) != 0 { //nolint:errorlint // the very same
			t.Fatalf("%d calls in %s, error %v; want one, at once", *calls, time.Since(started), err)
		}
	})
}

func TestDoHonoursRetryAfter(t *testing.T) {
	later := dps.Errorf(dps.CodeThrottled, "later")
	later.RetryAfter = 2 * time.Second
	synctest.Test(t, func(t *testing.T) {
		started := time.Now()
		op, _ := failing(1, later)
		if err := resilience.New("thing", resilience.Options{}).Do(t.Context(), "a", op); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(started); took != later.RetryAfter {
			t.Fatalf("second attempt after %s, want %s", took, later.RetryAfter)
		}
	})
	later.RetryAfter = time.Hour
	op, calls := failing(1, later)
	if err := resilience.New("thing", resilience.Options{}).Do(t.Context(), "a", op); dps.CodeOf(err) != dps.CodeThrottled || *calls != 1 {
		t.Fatalf("%d calls, error %v; want throttled at once", *calls, err)
	}
}

func TestBreaker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var counts hubtest.Counts
		g := resilience.New("thing", resilience.Options{Attempts: 1, Count: counts.Add})
		op, calls := failing(resilience.OpenAfter, errDown)
		for range resilience.OpenAfter {
			_ = g.Do(t.Context(), "a", op)
		}
		err := g.Do(t.Context(), "a", op)
		if dps.CodeOf(err) != dps.CodeUnavailable || *calls != resilience.OpenAfter {
			t.Fatalf("%d calls, error %v; want the breaker open", *calls, err)
		}
		if after := dps.AsError(err).RetryAfter; after != resilience.OpenFor {
			t.Errorf("RetryAfter %s, want %s", after, resilience.OpenFor)
		}
		if !strings.Contains(err.Error(), "thing") || !strings.Contains(err.Error(), "it is down") {
			t.Errorf("%q does not say what is down, and why", err)
		}
		if counts.Get("dependency", "thing open") != 1 || counts.Get("dependency", "thing failed") != resilience.OpenAfter {
			t.Error("open breaker or failures not counted")
		}
		if err := g.Do(t.Context(), "b", func(context.Context) error { return nil }); err != nil {
			t.Errorf("another key: %v", err)
		}
		time.Sleep(resilience.OpenFor + time.Millisecond) // the bubble's clock
		if err := g.Do(t.Context(), "a", op); err != nil {
			t.Errorf("after %s: %v", resilience.OpenFor, err)
		}
	})
}

func TestBreakerIgnoresWhatIsNotTheDependencysFault(t *testing.T) {
	cancelled, cancel := context.WithCancel(t.Context())
	tests := []struct {
		name string
		ctx  context.Context
		op   func(context.Context) error
	}{
		{"requests refused", t.Context(), func(context.Context) error { return dps.Errorf(dps.CodeInvalid, "nonsense") }},
		{"caller hangs up", cancelled, func(context.Context) error { cancel(); return errDown }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			g := resilience.New("thing", resilience.Options{Attempts: 1})
			for range 4 * resilience.OpenAfter {
				_ = g.Do(tt.ctx, "a", tt.op)
			}
			if err := g.Do(t.Context(), "a", func(context.Context) error { return nil }); err != nil {
				t.Fatalf("the breaker is open: %v", err)
			}
		})
	}
}

func TestBreakerKeysAreBounded(t *testing.T) {
	g := resilience.New("thing", resilience.Options{Attempts: 1})
	op, _ := failing(1<<30, errDown)
	for range resilience.OpenAfter {
		_ = g.Do(t.Context(), "first", op)
	}
	for i := range resilience.MaxKeys {
		_ = g.Do(t.Context(), fmt.Sprint(i), func(context.Context) error { return nil })
	}
	if err := g.Do(t.Context(), "first", func(context.Context) error { return nil }); err != nil {
		t.Fatalf("the oldest breaker was kept: %v", err)
	}
}
