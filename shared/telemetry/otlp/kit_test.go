package otlp_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"dps/shared/telemetry"
	"dps/shared/telemetry/otlp"
	"dps/shared/telemetry/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// receiver is an OTLP collector in this process.
type receiver struct {
	collectortrace.UnimplementedTraceServiceServer
	address string
	server  *grpc.Server
	answer  func(context.Context) error // nil: takes everything

	mu      sync.Mutex
	traces  []*tracepb.ResourceSpans
	metrics map[string]int // name, data points
	calls   chan struct{}  // one for each call that was answered
}

// metricsReceiver takes the other service's calls: both have a method Export.
type metricsReceiver struct {
	collectormetrics.UnimplementedMetricsServiceServer
	*receiver
}

// newReceiver listens on a free port, or on the address of an older one.
func newReceiver(t *testing.T, address string, security credentials.TransportCredentials, answer func(context.Context) error) *receiver {
	t.Helper()
	if address == "" {
		address = "127.0.0.1:0"
	}
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if security == nil {
		security = insecure.NewCredentials()
	}
	r := &receiver{address: l.Addr().String(), server: grpc.NewServer(grpc.Creds(security)), answer: answer, metrics: map[string]int{}, calls: make(chan struct{}, 1000)}
	collectortrace.RegisterTraceServiceServer(r.server, r)
	collectormetrics.RegisterMetricsServiceServer(r.server, metricsReceiver{receiver: r})
	done := make(chan struct{})
	go func() { defer close(done); _ = r.server.Serve(l) }()
	t.Cleanup(func() { r.server.Stop(); <-done })
	return r
}

func (r *receiver) Export(ctx context.Context, req *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	if r.answer != nil {
		if err := r.answer(ctx); err != nil {
			return nil, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.traces = append(r.traces, req.GetResourceSpans()...)
	r.calls <- struct{}{}
	return new(collectortrace.ExportTraceServiceResponse), nil
}

func (r metricsReceiver) Export(ctx context.Context, req *collectormetrics.ExportMetricsServiceRequest) (*collectormetrics.ExportMetricsServiceResponse, error) {
	if r.answer != nil {
		if err := r.answer(ctx); err != nil {
			return nil, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, rm := range req.GetResourceMetrics() {
		for _, sm := range rm.GetScopeMetrics() {
			for _, m := range sm.GetMetrics() {
				r.metrics[m.GetName()] += len(m.GetSum().GetDataPoints()) + len(m.GetGauge().GetDataPoints()) + len(m.GetHistogram().GetDataPoints())
			}
		}
	}
	r.calls <- struct{}{}
	return new(collectormetrics.ExportMetricsServiceResponse), nil
}

// spans gives the spans received so far, by name.
func (r *receiver) spans() map[string]*tracepb.Span {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := map[string]*tracepb.Span{}
	for _, rs := range r.traces {
		for _, ss := range rs.GetScopeSpans() {
			for _, s := range ss.GetSpans() {
				all[s.GetName()] = s
			}
		}
	}
	return all
}

func (r *receiver) points(metric string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.metrics[metric]
}

// sender is the program's side.
type sender struct {
	collector *otlp.Collector
	metrics   *telemetry.Metrics
	meters    *pipeline.Metrics
	tracing   *pipeline.Tracing
	tracer    *telemetry.Tracer
	log       *lockedBuffer
	once      sync.Once
}

func newSender(t *testing.T, address string, security *tls.Config) *sender {
	t.Helper()
	s := &sender{log: new(lockedBuffer)}
	log := telemetry.NewLogger(s.log, telemetry.LogOptions{})
	s.metrics = telemetry.NewMetrics(log)
	now := time.Now() // the minute never passes
	var err error
	s.collector, err = otlp.Connect(t.Context(), otlp.Options{
		Address: address, TLS: security, Log: log, Now: func() time.Time { return now }, Count: s.metrics.Count,
		KeepAlive: otlp.KeepAlive{Time: 10 * time.Second, Timeout: 20 * time.Second, PermitWithoutStream: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	source := pipeline.Source{Service: "dps-test", Version: "v1", Platform: pipeline.PlatformLambda, Function: "f"}
	s.meters = pipeline.NewMetrics(source, s.collector.Metrics(time.Hour))
	if _, err := s.metrics.Register(s.meters.Provider()); err != nil {
		t.Fatal(err)
	}
	s.tracing, err = pipeline.NewTracing(source, pipeline.TracingOptions{Ratio: 1, Exporter: s.collector.Spans(), Count: s.metrics.CountN})
	if err != nil {
		t.Fatal(err)
	}
	s.tracer = telemetry.NewTracer(s.tracing.Provider())
	t.Cleanup(func() { s.shutdown(context.WithoutCancel(t.Context())) })
	return s
}

// shutdown ends everything once, the connection last.
func (s *sender) shutdown(ctx context.Context) {
	s.once.Do(func() {
		var both sync.WaitGroup
		both.Go(func() { _ = s.tracing.Shutdown(ctx) })
		both.Go(func() { _ = s.meters.Shutdown(ctx) })
		both.Wait()
		_ = s.collector.Close()
	})
}

// span makes one that has ended.
func (s *sender) span(ctx context.Context, name string) {
	_, span := s.tracer.Start(ctx, name)
	span.End(nil)
}

func (s *sender) lines(message string) int { return strings.Count(s.log.String(), message) }

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}
