package otlp

import (
	"context"
	"log/slog"
	"time"

	"dps/shared/telemetry"
)

// limitKey is one for both signals: it is the same collector.
const limitKey = "collector"

// reporter tells of failures: each is counted, one a minute is logged.
type reporter struct {
	log     *slog.Logger
	count   func(name, reason string)
	limiter *telemetry.Limiter
}

func newReporter(o Options) *reporter {
	if o.Log == nil {
		o.Log = telemetry.Discard()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Count == nil {
		o.Count = func(string, string) {}
	}
	return &reporter{log: o.Log, count: o.Count, limiter: telemetry.NewLimiter(o.Now)}
}

// failed logs at most one line a minute; suppressed are the failures before it that were not logged.
func (r *reporter) failed(ctx context.Context, signal string, err error) {
	if ok, suppressed := r.limiter.Allow(limitKey); ok {
		r.log.WarnContext(ctx, "telemetry does not reach the collector", "signal", signal, "error", err, telemetry.SuppressedKey, suppressed)
	}
}
