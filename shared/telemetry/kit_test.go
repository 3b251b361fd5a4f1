package telemetry_test

import (
	"context"
	"log/slog"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// counting calls count for each line.
type counting struct {
	slog.Handler
	count func()
}

func (c counting) Handle(ctx context.Context, r slog.Record) error {
	c.count()
	return c.Handler.Handle(ctx, r)
}
