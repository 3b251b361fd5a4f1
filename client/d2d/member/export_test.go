package member

import (
	"context"
	"time"
)

// Tick is one turn of Run.
func (m *Member) Tick(ctx context.Context) time.Duration { return m.tick(ctx) }
