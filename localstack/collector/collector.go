// Package collector is a stand-in for an OpenTelemetry collector: it takes spans and metrics by OTLP over gRPC, in clear, and keeps
// them for tests to look at.
package collector

import (
	"context"
	"encoding/hex"
	"net"
	"slices"
	"sync"

	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	resourcepb "go.opentelemetry.io/proto/otlp/resource/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc"
)

// Span is one that was received.
type Span struct {
	Service, Name       string
	Trace, ID, ParentID string // hex; ParentID "": it is the first of its trace
	Failed              bool
	Attributes          map[string]string // those that are text
}

// Collector runs until Close. It is safe for concurrent use.
type Collector struct {
	collectortrace.UnimplementedTraceServiceServer

	server   *grpc.Server
	listener net.Listener
	running  sync.WaitGroup

	mu      sync.Mutex
	spans   []Span
	metrics map[string]map[string]bool // services, by the metric's name
}

// Start listens on a free port of this machine.
func Start(ctx context.Context) (*Collector, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &Collector{server: grpc.NewServer(), listener: l, metrics: make(map[string]map[string]bool)}
	collectortrace.RegisterTraceServiceServer(c.server, c)
	collectormetrics.RegisterMetricsServiceServer(c.server, metricsService{Collector: c})
	c.running.Go(func() { _ = c.server.Serve(l) }) // ends when it is stopped
	return c, nil
}

// Address is HOST:PORT.
func (c *Collector) Address() string { return c.listener.Addr().String() }

// Close ends it; what was received stays.
func (c *Collector) Close() {
	c.server.Stop()
	c.running.Wait()
}

// Spans are those received so far.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans)
}

// HasMetric tells whether a service has sent the metric.
func (c *Collector) HasMetric(service, name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.metrics[name][service]
}

// Export takes spans.
func (c *Collector) Export(_ context.Context, r *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, rs := range r.GetResourceSpans() {
		service := serviceOf(rs.GetResource())
		for _, ss := range rs.GetScopeSpans() {
			for _, s := range ss.GetSpans() {
				c.spans = append(c.spans, Span{
					Service: service, Name: s.GetName(), Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()),
					ParentID: hex.EncodeToString(s.GetParentSpanId()), Failed: s.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR,
					Attributes: texts(s.GetAttributes()),
				})
			}
		}
	}
	return new(collectortrace.ExportTraceServiceResponse), nil
}

// metricsService has the other service's Export.
type metricsService struct {
	collectormetrics.UnimplementedMetricsServiceServer
	*Collector
}

// Export takes metrics.
func (m metricsService) Export(_ context.Context, r *collectormetrics.ExportMetricsServiceRequest) (*collectormetrics.ExportMetricsServiceResponse, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, rm := range r.GetResourceMetrics() {
		service := serviceOf(rm.GetResource())
		for _, sm := range rm.GetScopeMetrics() {
			for _, one := range sm.GetMetrics() {
				if m.metrics[one.GetName()] == nil {
					m.metrics[one.GetName()] = make(map[string]bool)
				}
				m.metrics[one.GetName()][service] = true
			}
		}
	}
	return new(collectormetrics.ExportMetricsServiceResponse), nil
}

func serviceOf(r *resourcepb.Resource) string { return texts(r.GetAttributes())["service.name"] }

func texts(all []*commonpb.KeyValue) map[string]string {
	out := make(map[string]string, len(all))
	for _, a := range all {
		if s := a.GetValue().GetStringValue(); s != "" {
			out[a.GetKey()] = s
		}
	}
	return out
}
