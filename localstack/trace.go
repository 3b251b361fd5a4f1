package main

import (
	"context"
	"time"

	"go.opentelemetry.io/otel/trace"

	"dps/shared/telemetry/tracetree"
)

// traces shows what the service did for a device, and how long each part of it took.
type traces struct {
	*tracetree.Collector
	shown map[trace.TraceID]bool
}

func newTraces() *traces {
	return &traces{Collector: tracetree.New(), shown: make(map[trace.TraceID]bool)}
}

// show prints the traces of the device's connections: each ends when the service has seen the connection end.
func (t *traces) show(ctx context.Context, p *printer, connections int) error {
	const patience, interval = 3 * time.Second, 10 * time.Millisecond
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	tick := time.NewTicker(interval)
	defer tick.Stop()
	for {
		ended := t.ended()
		if len(ended) < connections {
			select {
			case <-tick.C:
				continue
			case <-ctx.Done(): // what is there is shown
			}
		}
		for _, id := range ended {
			t.shown[id] = true
			p.line("")
			if err := t.Write(p.w, id); err != nil {
				return err
			}
		}
		return nil
	}
}

// ended are the traces whose first span has ended and that were not shown yet.
func (t *traces) ended() []trace.TraceID {
	var out []trace.TraceID
	for _, id := range t.Traces() {
		for _, s := range t.Spans(id) {
			if !s.Parent().IsValid() && !t.shown[id] {
				out = append(out, id)
			}
		}
	}
	return out
}
