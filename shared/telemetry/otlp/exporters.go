package otlp

import (
	"context"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"dps/shared/telemetry"
)

const droppedMetrics = "metrics failed"

// spanExporter logs what the queue in front of it counts.
type spanExporter struct {
	next   *otlptrace.Exporter
	report *reporter
}

var _ sdktrace.SpanExporter = spanExporter{}

// ExportSpans implements sdktrace.SpanExporter. Errors: they were not all taken.
func (e spanExporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	err := e.next.ExportSpans(ctx, spans)
	if err != nil {
		e.report.failed(ctx, "spans", err)
	}
	return err
}

// Shutdown implements sdktrace.SpanExporter.
func (e spanExporter) Shutdown(ctx context.Context) error { return e.next.Shutdown(ctx) }

// metricExporter counts and logs failures, and keeps them from the SDK, which would print them to where nobody looks.
type metricExporter struct {
	*otlpmetricgrpc.Exporter
	report *reporter
}

var _ sdkmetric.Exporter = (*metricExporter)(nil)

// Export implements sdkmetric.Exporter. What is not taken now is part of the next export: counts are cumulative.
func (e *metricExporter) Export(ctx context.Context, rm *metricdata.ResourceMetrics) error {
	if err := e.Exporter.Export(ctx, rm); err != nil {
		e.report.count(telemetry.EventDropped, droppedMetrics)
		e.report.failed(ctx, "metrics", err)
	}
	return nil
}
