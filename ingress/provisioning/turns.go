package provisioning

import (
	"context"
	"sync/atomic"

	"dps/shared/dps"
)

// turns bounds how many steps run at once, and how many wait for that.
type turns struct {
	slots   chan struct{}
	waiting atomic.Int64
	limit   int64
}

func newTurns(running, waiting int) *turns {
	return &turns{slots: make(chan struct{}, running), limit: int64(waiting)}
}

// take waits for a turn; give it back by the function returned. Errors: CodeThrottled.
func (t *turns) take(ctx context.Context) (release func(), err error) {
	select {
	case t.slots <- struct{}{}:
		return t.release, nil
	default:
	}
	defer t.waiting.Add(-1)
	if t.waiting.Add(1) > t.limit {
		return nil, dps.Errorf(dps.CodeThrottled, "more than %d steps wait (taskQueue.size)", t.limit)
	}
	select {
	case t.slots <- struct{}{}:
		return t.release, nil
	case <-ctx.Done():
		return nil, dps.Errorf(dps.CodeThrottled, "no turn in time (taskQueue.goPoolSize)")
	}
}

func (t *turns) release() { <-t.slots }
