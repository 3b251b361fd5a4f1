package lambdahost_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/lambdahost"
	"dps/shared/telemetry"
)

// A handler that waits for somebody is cut off in time to say so.
func TestHandlerEndsBeforeItsInvocation(t *testing.T) {
	tests := []struct{ timeout, handler time.Duration }{
		{10 * time.Second, 9700 * time.Millisecond},
		{time.Second, 900 * time.Millisecond},
	}
	for _, tt := range tests {
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			waits := func(ctx context.Context, _ contract.TokenRequest) (contract.TokenReply, error) {
				<-ctx.Done()
				return contract.TokenReply{}, dps.Wrap(dps.CodeUnavailable, ctx.Err(), "it takes too long")
			}
			ctx, cancel := context.WithTimeout(t.Context(), tt.timeout)
			defer cancel()
			reply, err := lambdahost.Synchronous(waits, lambdahost.NewHost("token", telemetry.Discard()))(ctx, event(t, ""))
			if took := time.Since(begin); err != nil || took != tt.handler {
				t.Errorf("ended after %s of %s, %v; want %s", took, tt.timeout, err, tt.handler)
			}
			if err := contract.DecodeReply(reply, new(contract.TokenReply)); dps.CodeOf(err) != dps.CodeUnavailable {
				t.Errorf("answered %v", err)
			}
		})
	}
}
