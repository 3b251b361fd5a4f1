package lambdahost

import (
	"context"
	"time"
)

// What is kept of an invocation's time for the answer's way back: the platform kills who is late, and nobody hears of why.
const (
	longestReserve  = 300 * time.Millisecond
	reserveFraction = 10 // or this part of the time, if that is less
)

// inTime ends the handler's context a little before the invocation's own time does.
func inTime(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	reserve := min(longestReserve, max(0, time.Until(deadline)/reserveFraction))
	return context.WithDeadline(ctx, deadline.Add(-reserve))
}
