package lambdahost

import (
	"context"
	"io"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/aws/aws-lambda-go/lambdacontext"

	"dps/shared/build"
	"dps/shared/telemetry"
	"dps/shared/telemetry/emf"
	"dps/shared/telemetry/otlp"
	"dps/shared/telemetry/pipeline"
	"dps/shared/telemetry/powertools"
)

// flushTimeout is what an answer waits for spans to leave the process: after it the platform freezes that. A collector beside the
// function takes less; one that does not answer costs this once a minute.
const (
	flushTimeout  = 50 * time.Millisecond
	flushInterval = time.Minute // without waiting, after one that failed
)

// Host is what a function has of its process: where it logs and counts, and who hears of each invocation.
type Host struct {
	Log     *slog.Logger
	Metrics *telemetry.Metrics

	name      string
	cold      powertools.ColdStarts
	tracer    *telemetry.Tracer // nil: nobody traces
	tracing   *pipeline.Tracing
	lines     *emf.Flusher // nil: nobody reads metrics
	collector *otlp.Collector
	impatient atomic.Int64 // until then, in Unix nanoseconds, spans are not waited for
}

// NewHost makes a host whose telemetry goes nowhere but into the log.
func NewHost(name string, log *slog.Logger) *Host {
	return &Host{Log: log, Metrics: telemetry.NewMetrics(log), name: name}
}

// export brings metrics to lines, for CloudWatch, and spans to the collector, each where env names it. Errors: CodeInvalid.
func (h *Host) export(ctx context.Context, env *Env, lines io.Writer) error {
	source := pipeline.FromEnv("dps-"+h.name, build.Version(), nil)
	if namespace := env.Optional(VarMetricsNamespace); namespace != "" {
		if err := h.writeMetrics(source, namespace, lines); err != nil {
			return err
		}
	}
	address := env.Optional(VarCollector)
	if address == "" {
		return nil
	}
	var err error
	if h.collector, err = otlp.Connect(ctx, otlp.Options{Address: address, TLS: trust(address), Log: h.Log, Count: h.Metrics.Count}); err != nil {
		return err
	}
	h.tracing, err = pipeline.NewTracing(source, pipeline.TracingOptions{Exporter: h.collector.Spans(), Count: h.Metrics.CountN})
	if err != nil {
		return err
	}
	h.tracer = telemetry.NewTracer(h.tracing.Provider())
	return nil
}

func (h *Host) writeMetrics(source pipeline.Source, namespace string, lines io.Writer) error {
	e, err := emf.New(lines, emf.Options{Namespace: namespace, Common: []emf.Dimension{{Name: "service", Value: h.name}}, Count: h.Metrics.Count})
	if err != nil {
		return err
	}
	h.lines = emf.NewFlusher(e)
	_, err = h.Metrics.Register(pipeline.NewMetrics(source, h.lines.Reader()).Provider())
	return err
}

// close ends what exports.
func (h *Host) close() {
	if h.tracing != nil {
		_ = h.tracing.Shutdown(context.Background())
		_ = h.collector.Close()
	}
}

// invocation is one of the function.
type invocation struct {
	host    *Host
	cancel  context.CancelFunc
	started time.Time
	cold    bool
}

// begin takes note of an invocation, and gives its context.
func (h *Host) begin(ctx context.Context) (context.Context, *invocation) {
	i := &invocation{host: h, started: time.Now(), cold: h.cold.Next()}
	facts := powertools.Invocation{ColdStart: i.cold, TraceID: powertools.XRayTraceID(os.Getenv("_X_AMZN_TRACE_ID"))}
	if lc, ok := lambdacontext.FromContext(ctx); ok {
		facts.RequestID, facts.ARN = lc.AwsRequestID, lc.InvokedFunctionArn
	}
	ctx, i.cancel = inTime(powertools.With(ctx, facts))
	return ctx, i
}

// end logs and counts the invocation, and flushes what its process may never come to flush again.
func (i *invocation) end(ctx context.Context, err error, attributes ...slog.Attr) {
	defer i.cancel()
	outcome := outcomeOf(err)
	took := time.Since(i.started)
	logInvocation(ctx, i.host.Log, err, append(attributes, slog.String("outcome", outcome), slog.Duration("duration", took)))
	i.host.Metrics.Observe("function", i.host.name, outcome, took) //nolint:contextcheck // a duration is nobody's request
	if i.cold {
		i.host.Metrics.Count("function_coldstart", i.host.name)
	}
	i.host.flush(ctx)
}

func (h *Host) flush(ctx context.Context) {
	if h.lines != nil {
		_ = h.lines.Flush(ctx) // what is not written is counted
	}
	if h.tracing == nil || time.Now().UnixNano() < h.impatient.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	if h.tracing.Flush(ctx) != nil {
		h.impatient.Store(time.Now().Add(flushInterval).UnixNano())
	}
}
