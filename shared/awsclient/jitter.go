package awsclient

import (
	"math/rand/v2"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// FullJitter waits a random time below Base, doubled with each attempt up to Cap: callers that were throttled together do
// not come back together. The SDK's own backoff waits exactly its maximum once that is reached.
type FullJitter struct {
	Base, Cap time.Duration
}

var _ retry.BackoffDelayer = FullJitter{}

// BackoffDelay implements retry.BackoffDelayer; attempt counts from 1. It never fails.
func (j FullJitter) BackoffDelay(attempt int, _ error) (time.Duration, error) {
	return j.Delay(attempt), nil
}

// Delay gives how long to wait after the attempt, counted from 1.
func (j FullJitter) Delay(attempt int) time.Duration {
	ceiling := j.Base
	for range attempt - 1 {
		if ceiling >= j.Cap/2 {
			ceiling = j.Cap
			break
		}
		ceiling *= 2
	}
	return time.Duration(rand.Int64N(int64(max(ceiling, 1)))) //nolint:gosec // jitter protects nothing
}
