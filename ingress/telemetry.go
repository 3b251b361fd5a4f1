package ingress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"dps/shared/build"
	"dps/shared/config"
	"dps/shared/dps"
	"dps/shared/telemetry"
	"dps/shared/telemetry/collector"
	"dps/shared/telemetry/emf"
	"dps/shared/telemetry/otlp"
	"dps/shared/telemetry/pipeline"
	"dps/shared/telemetry/prometheus"
)

// serviceName is what the ingress calls itself in metrics and traces.
const serviceName = "dps-ingress"

// exporters bring metrics and traces out of the process, each way that the configuration names. Nobody waits for them.
//
//	metrics ─▶ collector, every minute · CloudWatch's log lines, every minute · Prometheus, when it asks
//	spans   ─▶ collector · whoever looks on in this process
type exporters struct {
	collector *otlp.Collector // nil: none is configured
	metrics   *pipeline.Metrics
	tracing   *pipeline.Tracing // nil: nobody traces
	scrapes   http.Handler      // nil: Prometheus is not answered
	stop      func()
}

// sampled holds back log lines that repeat others, and counts them: a thousand strangers, or one dependency that is down, fill no disk.
// Requests' lines always pass.
func sampled(o Options, m *telemetry.Metrics) (*slog.Logger, func(context.Context)) {
	h, flush := telemetry.WithSampling(o.Log.Handler(), telemetry.SamplingOptions{
		Now: o.Now, Keys: []string{"rule", "group", "step", "function", "issuer"}, Always: []string{"request"}, Count: m.Count,
	})
	return slog.New(h), flush
}

// newExporters opens what is configured. Errors: CodeInvalid, CodeNotFound, naming the property.
func newExporters(ctx context.Context, cfg config.Config, o Options, m *telemetry.Metrics) (*exporters, error) {
	e := new(exporters)
	var err error
	e.collector, err = collector.Open(ctx, cfg.Clients.OpenTelemetryCollector.GRPC, otlp.Options{Log: o.Log, Now: o.Now, Count: m.Count})
	if err != nil {
		return nil, err
	}
	readers, err := e.readers(cfg, o, m)
	if err != nil {
		return nil, errors.Join(err, e.disconnect())
	}
	source := pipeline.FromEnv(serviceName, build.Version(), nil)
	source.Instance = dps.NewUUID()
	e.metrics = pipeline.NewMetrics(source, readers...)
	if e.stop, err = m.Register(e.metrics.Provider()); err == nil {
		err = e.trace(source, cfg, o, m)
	}
	if err != nil {
		return nil, errors.Join(err, e.disconnect())
	}
	return e, nil
}

func (e *exporters) readers(cfg config.Config, o Options, m *telemetry.Metrics) (readers []sdkmetric.Reader, err error) {
	if e.collector != nil {
		readers = append(readers, e.collector.Metrics(0))
	}
	if cfg.APIs.Health.Metrics && cfg.APIs.Health.Address != "" {
		p, err := prometheus.New(o.Log)
		if err != nil {
			return nil, fmt.Errorf("apis.health.metrics: %w", err)
		}
		e.scrapes = p.Handler()
		readers = append(readers, p.Reader())
	}
	if c := cfg.Clients.CloudWatch; c.Enabled {
		written, err := emf.New(orStdout(o.MetricLines), emf.Options{Namespace: c.Namespace, Common: []emf.Dimension{{Name: "service", Value: serviceName}}, Count: m.Count})
		if err != nil {
			return nil, fmt.Errorf("clients.cloudWatch: %w", err)
		}
		readers = append(readers, written.Periodic(0))
	}
	return readers, nil
}

func orStdout(w io.Writer) io.Writer {
	if w == nil {
		return os.Stdout
	}
	return w
}

// trace begins tracing where somebody takes the spans.
func (e *exporters) trace(source pipeline.Source, cfg config.Config, o Options, m *telemetry.Metrics) (err error) {
	t := pipeline.TracingOptions{Ratio: 1, Also: o.Spans, Count: m.CountN}
	if e.collector != nil {
		const whole = 100
		t.Exporter, t.Ratio = e.collector.Spans(), float64(cfg.Clients.OpenTelemetryCollector.SamplePercent)/whole
	}
	if t.Exporter == nil && len(t.Also) == 0 {
		return nil
	}
	e.tracing, err = pipeline.NewTracing(source, t)
	return err
}

// tracer makes spans; nil where nobody traces.
func (e *exporters) tracer() *telemetry.Tracer {
	if e.tracing == nil {
		return nil
	}
	return telemetry.NewTracer(e.tracing.Provider())
}

// exportTimeout bounds the last exports: what is not out by then is lost, and nothing else.
const exportTimeout = 4 * time.Second

// close exports a last time and disconnects.
func (e *exporters) close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exportTimeout)
	defer cancel()
	if e.tracing != nil {
		_ = e.tracing.Shutdown(ctx) // what was lost is counted
	}
	_ = e.metrics.Shutdown(ctx)
	e.stop()
	_ = e.disconnect()
}

func (e *exporters) disconnect() error {
	if e.collector == nil {
		return nil
	}
	return e.collector.Close()
}
