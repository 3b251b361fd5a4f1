package emf

import (
	"context"
	"sync"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
)

// Flusher writes when it is told to: at the end of each invocation of a function, whose process may never run again. It is
// safe for concurrent use.
type Flusher struct {
	exporter *Exporter
	reader   *sdkmetric.ManualReader

	mu   sync.Mutex
	data metricdata.ResourceMetrics // used again and again
}

// NewFlusher makes a flusher that writes through the exporter.
func NewFlusher(e *Exporter) *Flusher {
	return &Flusher{exporter: e, reader: sdkmetric.NewManualReader(
		sdkmetric.WithTemporalitySelector(temporality), sdkmetric.WithAggregationSelector(e.Aggregation))}
}

// Reader is for pipeline.NewMetrics.
func (f *Flusher) Reader() sdkmetric.Reader { return f.reader }

// Flush collects and writes what happened since the last time. Errors: it could not be collected, as after Shutdown.
func (f *Flusher) Flush(ctx context.Context) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.reader.Collect(ctx, &f.data); err != nil {
		return err
	}
	return f.exporter.Export(ctx, &f.data)
}
