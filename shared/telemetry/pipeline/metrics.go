package pipeline

import (
	"context"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/exemplar"
)

// Metrics is the SDK's meter provider with its readers.
type Metrics struct{ provider *sdkmetric.MeterProvider }

// NewMetrics collects for the readers: those of packages otlp, emf, prometheus. Without readers it collects nothing.
func NewMetrics(source Source, readers ...sdkmetric.Reader) *Metrics {
	options := []sdkmetric.Option{
		sdkmetric.WithResource(source.Resource()),
		sdkmetric.WithExemplarFilter(exemplar.AlwaysOffFilter), // durations are observed without their span's context
	}
	for _, r := range readers {
		options = append(options, sdkmetric.WithReader(r))
	}
	return &Metrics{sdkmetric.NewMeterProvider(options...)}
}

// Provider is what telemetry.Metrics registers with.
func (m *Metrics) Provider() *sdkmetric.MeterProvider { return m.provider }

// Shutdown collects and exports a last time, within ShutdownTimeout. Errors: of the readers; they are no reason to fail.
func (m *Metrics) Shutdown(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, ShutdownTimeout)
	defer cancel()
	return m.provider.Shutdown(ctx)
}
