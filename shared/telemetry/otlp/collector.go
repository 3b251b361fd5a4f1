// Package otlp brings spans and metrics to an OpenTelemetry collector, by OTLP over gRPC. A collector that is down, slow or
// full costs telemetry and nothing else: an export ends within its timeout, what it did not bring is counted, and at most one
// line a minute is logged.
package otlp

import (
	"context"
	"errors"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlpmetric/otlpmetricgrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"google.golang.org/grpc"

	"dps/shared/dps"
)

// Collector is the connection to one collector. It connects when there is something to export, and again whenever the
// connection is lost.
type Collector struct {
	conn    *grpc.ClientConn
	spans   *otlptrace.Exporter
	metrics *otlpmetricgrpc.Exporter
	report  *reporter
}

// Connect prepares the connection; it does not wait for the collector. Errors: CodeInvalid for settings that cannot be.
func Connect(ctx context.Context, o Options) (*Collector, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient("dns:///"+o.Address, o.dial()...)
	if err != nil {
		return nil, dps.Wrap(dps.CodeInvalid, err, "address: cannot be called")
	}
	spans, err := otlptracegrpc.New(ctx, otlptracegrpc.WithGRPCConn(conn), otlptracegrpc.WithTimeout(SpansTimeout), otlptracegrpc.WithMaxRequestSize(maxRequest),
		otlptracegrpc.WithRetry(otlptracegrpc.RetryConfig{Enabled: true, InitialInterval: firstRetry, MaxInterval: longestRetry, MaxElapsedTime: SpansTimeout}))
	if err != nil {
		return nil, errors.Join(dps.Wrap(dps.CodeInvalid, err, "spans cannot be exported"), conn.Close())
	}
	metrics, err := otlpmetricgrpc.New(ctx, otlpmetricgrpc.WithGRPCConn(conn), otlpmetricgrpc.WithTimeout(MetricsTimeout), otlpmetricgrpc.WithMaxRequestSize(maxRequest),
		otlpmetricgrpc.WithRetry(otlpmetricgrpc.RetryConfig{Enabled: true, InitialInterval: firstRetry, MaxInterval: longestRetry, MaxElapsedTime: MetricsTimeout}))
	if err != nil {
		return nil, errors.Join(dps.Wrap(dps.CodeInvalid, err, "metrics cannot be exported"), conn.Close())
	}
	return &Collector{conn: conn, spans: spans, metrics: metrics, report: newReporter(o)}, nil
}

// Spans is where pipeline.NewTracing exports to.
func (c *Collector) Spans() sdktrace.SpanExporter { return spanExporter{c.spans, c.report} }

// Metrics is a reader for pipeline.NewMetrics that exports at the interval; 0 is DefaultInterval.
func (c *Collector) Metrics(interval time.Duration) sdkmetric.Reader {
	if interval <= 0 {
		interval = DefaultInterval
	}
	return sdkmetric.NewPeriodicReader(&metricExporter{c.metrics, c.report}, sdkmetric.WithInterval(interval), sdkmetric.WithTimeout(MetricsTimeout))
}

// Close closes the connection, after the pipelines that export to it were shut down. Errors: of the connection.
func (c *Collector) Close() error { return c.conn.Close() }
