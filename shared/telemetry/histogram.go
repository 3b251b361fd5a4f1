package telemetry

import (
	"context"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// histogram gives durations to OpenTelemetry once it is registered there, and drops them before.
type histogram struct {
	definition Definition
	instrument atomic.Pointer[metric.Float64Histogram]
	options    *seriesTable[[]metric.RecordOption] // made once for each series: no allocation afterwards
}

func newHistogram(d Definition) *histogram {
	return &histogram{definition: d, options: newSeriesTable(d, func(a attribute.Set) []metric.RecordOption {
		return []metric.RecordOption{metric.WithAttributeSet(a)}
	})}
}

func (h *histogram) register(meter metric.Meter) error {
	instrument, err := meter.Float64Histogram(h.definition.Name, metric.WithUnit(h.definition.Unit),
		metric.WithDescription(h.definition.Description), metric.WithExplicitBucketBoundaries(h.definition.Buckets...))
	if err != nil {
		return err
	}
	h.instrument.Store(&instrument)
	return nil
}

func (h *histogram) record(values [2]string, took time.Duration) {
	instrument := h.instrument.Load()
	if instrument == nil {
		return
	}
	(*instrument).Record(context.Background(), took.Seconds(), h.options.get(values)...)
}
