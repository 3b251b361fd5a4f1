package dynamodb

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dps/shared/awsclient"
)

const (
	// patience bounds a call and its repetitions where the context has no earlier end.
	patience = 10 * time.Second
	// attemptTimeout bounds one attempt, so that a dead connection does not use up what the context grants. DynamoDB answers
	// in milliseconds, a large transaction in some hundred.
	attemptTimeout = 2 * time.Second
)

// backoff begins at about what a throttled partition needs to adapt.
var backoff = awsclient.FullJitter{Base: 25 * time.Millisecond, Cap: time.Second}

// operation is a method of the SDK's client.
type operation[I, O any] func(context.Context, *I, ...func(*dynamodb.Options)) (*O, error)

// call tries the operation until it succeeds, fails for good, or the context's end is nearer than the next attempt. Every
// operation of this package has the same effect once and twice. A failed condition comes back as the SDK's error, all else
// as explain says.
func call[I, O any](ctx context.Context, op operation[I, O], in *I) (*O, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var last error
	for attempt := 1; ; attempt++ {
		out, err := once(ctx, op, in)
		if err == nil {
			return out, nil
		}
		if conditionFailed(err) {
			return nil, err
		}
		if ctx.Err() != nil && last != nil {
			return nil, explain(last) // what DynamoDB said says more than that time is up
		}
		last = err
		if !mayPass(err) || !pause(ctx, backoff.Delay(attempt)) {
			return nil, explain(err)
		}
	}
}

func once[I, O any](ctx context.Context, op operation[I, O], in *I) (*O, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, attemptTimeout)
	defer cancel()
	return op(ctx, in)
}

// pause waits, and tells whether it is worth another attempt: not where the context ends first, which is known at once.
func pause(ctx context.Context, d time.Duration) bool {
	if end, ok := ctx.Deadline(); ok && time.Until(end) <= d {
		return false
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
