package pipeline_test

import (
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.uber.org/goleak"

	"dps/shared/dps"
	"dps/shared/telemetry"
	"dps/shared/telemetry/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// exporter answers as the test wants.
type exporter struct {
	export func(context.Context) error

	mu       sync.Mutex
	spans    int
	shutdown bool
}

func (e *exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if e.export != nil {
		if err := e.export(ctx); err != nil {
			return err
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.spans += len(spans)
	return nil
}

func (e *exporter) Shutdown(context.Context) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.shutdown = true
	return nil
}

// got tells how many spans were exported, and whether it was shut down.
func (e *exporter) got() (spans int, shutdown bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.spans, e.shutdown
}

func newTracing(t *testing.T, o pipeline.TracingOptions) (*pipeline.Tracing, *telemetry.Tracer) {
	t.Helper()
	tracing, err := pipeline.NewTracing(pipeline.Source{Service: "test"}, o)
	if err != nil {
		t.Fatal(err)
	}
	return tracing, telemetry.NewTracer(tracing.Provider())
}

func end(t *testing.T, tracer *telemetry.Tracer, n int) {
	t.Helper()
	for range n {
		_, span := tracer.Start(t.Context(), "x")
		span.End(nil)
	}
}

func TestSpansAreExportedInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := new(exporter)
		tracing, tracer := newTracing(t, pipeline.TracingOptions{Ratio: 1, Exporter: e})
		end(t, tracer, 10)
		synctest.Wait()
		if n, _ := e.got(); n != 0 {
			t.Errorf("%d spans went at once, want a batch", n)
		}
		time.Sleep(3 * time.Second) // of the bubble
		if n, _ := e.got(); n != 10 {
			t.Errorf("%d spans, want 10", n)
		}
		end(t, tracer, 5)
		err := tracing.Flush(t.Context())
		if n, _ := e.got(); err != nil || n != 15 {
			t.Errorf("%v, %d spans, want 15", err, n)
		}
		end(t, tracer, 5)
		err = tracing.Shutdown(t.Context())
		if n, down := e.got(); err != nil || n != 20 || !down {
			t.Errorf("%v, %d spans, shut down: %t", err, n, down)
		}
	})
}

func TestTheEndIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := telemetry.NewMetrics(nil)
		e := &exporter{export: func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }}
		tracing, tracer := newTracing(t, pipeline.TracingOptions{Ratio: 1, Exporter: e, ExportTimeout: time.Hour, Count: m.CountN})
		end(t, tracer, 1000)
		start := time.Now()
		if err := tracing.Shutdown(t.Context()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want that it was cut off", err)
		}
		if took := time.Since(start); took != pipeline.ShutdownTimeout { // of the bubble
			t.Errorf("took %s, want %s", took, pipeline.ShutdownTimeout)
		}
		synctest.Wait()
		if got := m.Get(telemetry.EventDropped, "spans failed") + m.Get(telemetry.EventDropped, "spans shutdown"); got != 1000 {
			t.Errorf("%d spans counted as dropped, want 1000", got)
		}
		if _, down := e.got(); !down {
			t.Error("the exporter is not shut down")
		}
	})
}

func TestAnExporterThatIgnoresItsContextIsLeft(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := telemetry.NewMetrics(nil)
		release := make(chan struct{})
		e := &exporter{export: func(context.Context) error { <-release; return nil }}
		tracing, tracer := newTracing(t, pipeline.TracingOptions{Ratio: 1, Exporter: e, Count: m.CountN})
		end(t, tracer, 10)
		start := time.Now()
		_ = tracing.Shutdown(t.Context())
		if took := time.Since(start); took != pipeline.ShutdownTimeout+time.Second { // of the bubble
			t.Errorf("took %s", took)
		}
		if got := m.Get(telemetry.EventDropped, "spans shutdown"); got != 10 {
			t.Errorf("%d spans counted, want 10", got)
		}
		close(release)
	})
}

func TestTheQueueIsBoundedAndRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := telemetry.NewMetrics(nil)
		release := make(chan struct{})
		e := &exporter{export: func(context.Context) error { <-release; return nil }}
		tracing, tracer := newTracing(t, pipeline.TracingOptions{Ratio: 1, Exporter: e, Count: m.CountN})
		end(t, tracer, pipeline.MaxSpansWaiting+7)
		if got := m.Get(telemetry.EventDropped, "spans queue_full"); got != 7 {
			t.Errorf("%d dropped, want 7", got)
		}
		close(release)
		time.Sleep(3 * time.Second) // of the bubble
		end(t, tracer, 100)
		err := tracing.Shutdown(t.Context())
		if n, _ := e.got(); err != nil || n != pipeline.MaxSpansWaiting+100 {
			t.Errorf("%v, %d spans exported, want all but the 7", err, n)
		}
		if got := m.Get(telemetry.EventDropped, "spans queue_full"); got != 7 {
			t.Errorf("%d dropped in the end, want 7", got)
		}
	})
}

func TestFailedExportsAreCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := telemetry.NewMetrics(nil)
		e := &exporter{export: func(context.Context) error { return errors.New("no") }}
		tracing, tracer := newTracing(t, pipeline.TracingOptions{Ratio: 1, Exporter: e, Count: m.CountN})
		end(t, tracer, 3)
		if err := tracing.Flush(t.Context()); err != nil {
			t.Errorf("the program hears of it: %v", err)
		}
		if err := tracing.Shutdown(t.Context()); err != nil {
			t.Errorf("the program hears of it: %v", err)
		}
		if got := m.Get(telemetry.EventDropped, "spans failed"); got != 3 {
			t.Errorf("%d counted, want 3", got)
		}
	})
}

func TestRatio(t *testing.T) {
	for _, tt := range []struct {
		ratio       float64
		least, most int // of 2000
	}{{0, 0, 0}, {0.1, 100, 300}, {1, 2000, 2000}} {
		recorder := tracetest.NewSpanRecorder()
		tracing, tracer := newTracing(t, pipeline.TracingOptions{Ratio: tt.ratio, Also: []sdktrace.SpanProcessor{recorder}})
		end(t, tracer, 2000)
		if got := len(recorder.Ended()); got < tt.least || got > tt.most {
			t.Errorf("ratio %v keeps %d of 2000", tt.ratio, got)
		}
		_ = tracing.Shutdown(t.Context())
	}
	for _, ratio := range []float64{-0.1, 1.1, math.NaN(), math.Inf(1)} {
		if _, err := pipeline.NewTracing(pipeline.Source{}, pipeline.TracingOptions{Ratio: ratio}); dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), "0 (none) to 1 (all)") {
			t.Errorf("ratio %v: %v", ratio, err)
		}
	}
}

func TestTheCallersDecisionCounts(t *testing.T) {
	for ratio, header := range map[float64]string{
		0: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", // kept by the caller
		1: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", // not
	} {
		recorder := tracetest.NewSpanRecorder()
		tracing, tracer := newTracing(t, pipeline.TracingOptions{Ratio: ratio, Also: []sdktrace.SpanProcessor{recorder}})
		ctx, span := tracer.Serve(telemetry.Extract(t.Context(), header), "x")
		span.End(nil)
		if got := len(recorder.Ended()); got != 1-int(ratio) {
			t.Errorf("ratio %v: %d spans of %s", ratio, got, header)
		}
		if telemetry.TraceID(ctx) != "0af7651916cd43dd8448eb211c80319c" || trace.SpanContextFromContext(ctx).IsSampled() != (ratio == 0) {
			t.Errorf("ratio %v: what goes on to the next function is another decision", ratio)
		}
		_ = tracing.Shutdown(t.Context())
	}
}

func TestSource(t *testing.T) {
	lambda := map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_LAMBDA_FUNCTION_NAME": "dps-enroll", "AWS_LAMBDA_FUNCTION_VERSION": "7",
		"AWS_LAMBDA_LOG_STREAM_NAME": "stream", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
	}
	for name, tt := range map[string]struct {
		env  map[string]string
		want string
	}{
		"laptop": {nil, "service.name=dps,service.version=v1"},
		"ECS": {map[string]string{"AWS_REGION": "eu-central-1", "ECS_CONTAINER_METADATA_URI_V4": "http://169.254.170.2/v4"},
			"cloud.platform=aws_ecs,cloud.provider=aws,cloud.region=eu-central-1,service.name=dps,service.version=v1"},
		"Lambda": {lambda, "cloud.platform=aws_lambda,cloud.provider=aws,cloud.region=eu-central-1,faas.instance=stream,faas.max_memory=268435456," +
			"faas.name=dps-enroll,faas.version=7,service.name=dps,service.version=v1"},
		"junk": {map[string]string{"AWS_LAMBDA_FUNCTION_NAME": "f", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "-1x"},
			"cloud.platform=aws_lambda,cloud.provider=aws,faas.name=f,service.name=dps,service.version=v1"},
	} {
		s := pipeline.FromEnv("dps", "v1", func(key string) string { return tt.env[key] })
		if got := s.Resource().String(); got != tt.want {
			t.Errorf("%s: got %s\nwant %s", name, got, tt.want)
		}
	}
}

func TestMetricsOfSeveralReaders(t *testing.T) {
	a, b := sdkmetric.NewManualReader(), sdkmetric.NewManualReader()
	p := pipeline.NewMetrics(pipeline.Source{Service: "test"}, a, b)
	m := telemetry.NewMetrics(nil)
	stop, err := m.Register(p.Provider())
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	m.Count("handshake_failed", "tls")
	for _, r := range []*sdkmetric.ManualReader{a, b} {
		rm := collect(t, r)
		if len(rm.ScopeMetrics) != 1 || rm.ScopeMetrics[0].Metrics[0].Name != "dps.handshake.failures" {
			t.Errorf("%+v", rm)
		}
	}
	if err := p.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := pipeline.NewMetrics(pipeline.Source{}).Shutdown(t.Context()); err != nil {
		t.Errorf("without readers: %v", err)
	}
}
