package provisioning

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"dps/shared/dps"
)

// TestTurns: taskQueue.goPoolSize steps run, taskQueue.size more wait, and who comes after them is sent away at once.
func TestTurns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(2, 1)
		first, err := turns.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		second, err := turns.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		waited := make(chan error)
		go func() {
			release, err := turns.take(t.Context())
			if err == nil {
				release()
			}
			waited <- err
		}()
		synctest.Wait()
		if _, err := turns.take(t.Context()); dps.CodeOf(err) != dps.CodeThrottled {
			t.Errorf("the fourth gets %v, want %s", err, dps.CodeThrottled)
		}
		first()
		if err := <-waited; err != nil {
			t.Errorf("who waited gets %v", err)
		}
		second()
	})
}

// TestATurnThatNeverComes: who waits in vain is answered when his time is over, and leaves his place to others.
func TestATurnThatNeverComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		turns := newTurns(1, 1)
		release, err := turns.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			ctx, cancel := context.WithTimeout(t.Context(), StepTimeout)
			began := time.Now()
			if _, err := turns.take(ctx); dps.CodeOf(err) != dps.CodeThrottled || time.Since(began) != StepTimeout {
				t.Errorf("%v after %v, want %s after %v", err, time.Since(began), dps.CodeThrottled, StepTimeout)
			}
			cancel()
		}
		release()
	})
}
