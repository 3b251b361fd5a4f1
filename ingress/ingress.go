// Package ingress is the long-running front of the service: devices connect to it, prove who made them, and are led
// through the steps. It holds no secret but its own TLS key; what needs one, a function does.
//
//	coapserver (the wire) ─▶ gate (who gets in) ─▶ provisioning (the steps) ─▶ functions
//	                                                     └─▶ recorder ─▶ record function
package ingress

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"dps/ingress/coapserver"
	"dps/ingress/gate"
	"dps/ingress/provisioning"
	"dps/ingress/recorder"
	"dps/shared/bearer"
	"dps/shared/config"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/invoke"
	"dps/shared/telemetry"
)

// How long things take at most when the service ends; together they stay under 30 s.
const (
	drainTimeout = 20 * time.Second // after readinessPause
	flushTimeout = 5 * time.Second
)

// generationInterval is how often the store is asked whether groups or hubs have changed.
const generationInterval = 3 * time.Second

// Options are what a test or an embedding program may replace; the zero value is production.
type Options struct {
	Log *slog.Logger     // nil: none
	Now func() time.Time // nil: time.Now
	// Spans take the spans of every connection that is traced, in this process; without a collector all are.
	Spans []sdktrace.SpanProcessor
	// MetricLines takes the lines of clients.cloudWatch; nil: standard output.
	MetricLines io.Writer
	// Functions, where set, stands between the ingress and its functions.
	Functions func(contract.Functions) contract.Functions
	// ReadinessPause replaces readinessPause; 0: that.
	ReadinessPause time.Duration
	// MaxConnections and MaxHalfOpen bound connections and handshakes; 0 is the server's default.
	MaxConnections, MaxHalfOpen int
}

// Service is the ingress with everything behind it.
type Service struct {
	server      *coapserver.Server
	gate        *gate.Gate
	recorder    *recorder.Recorder
	backend     *backend
	certificate *certificate
	health      *health
	operators   *operators // nil: they are served elsewhere
	pause       time.Duration
	metrics     *telemetry.Metrics
	exporters   *exporters
	log         *slog.Logger
	flushLog    func(context.Context) // tells what was held back
}

// backend is where the functions live, and what must be closed with them.
type backend struct {
	functions contract.Functions
	operators func(*bearer.Verifier) http.Handler // nil, as store, where the functions are elsewhere
	store     dps.Store
	spool     *recorder.Spool
	close     func() error
}

// New opens everything and listens; Run serves. Errors: of the configuration, the store, the certificate, the sockets, each
// naming the setting at fault.
func New(ctx context.Context, cfg config.Config, o Options) (*Service, error) {
	if o.Log == nil {
		o.Log = telemetry.Discard()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.ReadinessPause == 0 {
		o.ReadinessPause = readinessPause
	}
	metrics := telemetry.NewMetrics(o.Log)
	var flushLog func(context.Context)
	o.Log, flushLog = sampled(o, metrics)
	certificate, err := newCertificate(ctx, cfg.APIs.COAP.TLS, o, metrics.Count)
	if err != nil {
		return nil, fmt.Errorf("apis.coap.tls: %w", err)
	}
	exporters, err := newExporters(ctx, cfg, o, metrics)
	if err != nil {
		certificate.close()
		return nil, err
	}
	b, err := openBackend(ctx, cfg, o, metrics)
	if err != nil {
		certificate.close()
		exporters.close(ctx)
		return nil, err
	}
	if o.Functions != nil {
		b.functions = o.Functions(b.functions)
	}
	s := &Service{backend: b, certificate: certificate, pause: o.ReadinessPause, metrics: metrics, exporters: exporters, log: o.Log, flushLog: flushLog}
	if err := s.build(ctx, cfg, o); err != nil {
		certificate.close()
		exporters.close(ctx)
		return nil, errors.Join(err, b.close())
	}
	return s, nil
}

// openBackend chooses where the functions run.
func openBackend(ctx context.Context, cfg config.Config, o Options, m *telemetry.Metrics) (*backend, error) {
	if cfg.Functions.Mode == config.ModeLambda {
		return openCloud(ctx, cfg, m)
	}
	if cfg.Clients.Storage.Use != config.StorageBolt {
		return nil, fmt.Errorf("clients.storage.use %q is not available in this build: use %q", cfg.Clients.Storage.Use, config.StorageBolt)
	}
	return openEmbedded(ctx, cfg, o, m)
}

func (s *Service) build(ctx context.Context, cfg config.Config, o Options) error {
	observed := &invoke.Observed{Functions: s.backend.functions, Count: s.metrics.Count, Observe: s.metrics.Observe}
	enroll := &watchedFunctions{Functions: observed, now: o.Now}
	s.backend.functions = enroll
	limiter := telemetry.NewLimiter(o.Now)
	s.recorder = recorder.New(recorder.Options{Function: s.backend.functions, Spool: s.backend.spool, Log: o.Log, Count: s.metrics.Count})
	var err error
	s.gate, err = gate.New(gate.Options{
		Enroller: s.backend.functions, Expiration: cfg.Clients.Storage.CacheExpiration, Now: o.Now,
		Log: o.Log, Count: s.metrics.Count, LogOnce: limiter.Allow,
	})
	if err != nil {
		return err
	}
	steps := provisioning.New(provisioning.Options{
		Functions: s.backend.functions, Gate: s.gate, Record: s.recorder.Add, Now: o.Now, Log: o.Log, Count: s.metrics.Count,
		Observe: s.metrics.Observe, DumpBody: cfg.Log.DumpBody, Running: cfg.TaskQueue.GoPoolSize, Waiting: cfg.TaskQueue.Size,
	})
	coap := cfg.APIs.COAP
	s.server, err = coapserver.Listen(ctx, coapserver.Config{
		Address: coap.Address, Protocols: coap.Protocols, MaxMessageSize: coap.MaxMessageSize,
		MessagePoolSize:   uint32(coap.MessagePoolSize), //nolint:gosec // the configuration bounds it
		InactivityTimeout: coap.InactivityMonitor.Timeout,
		BlockwiseEnabled:  coap.BlockwiseTransfer.Enabled, BlockwiseSize: coap.BlockwiseTransfer.BlockSize,
		MaxConnections: o.MaxConnections, MaxHalfOpen: o.MaxHalfOpen,
		Certificate: s.certificate.get, Admitter: steps, Log: o.Log, Count: s.metrics.Count, Observe: s.metrics.Observe, Tracer: s.exporters.tracer(),
	})
	if err != nil {
		return err
	}
	s.health, err = newHealth(ctx, cfg.APIs.Health.Address, s.exporters.scrapes, s.checkCertificate, enroll.check)
	if err != nil {
		s.server.Close()
		return err
	}
	if s.operators, err = newOperators(ctx, cfg, s.backend, o, s.metrics.Count); err != nil {
		s.server.Close()
		s.health.close()
		return err
	}
	s.watch(o.Now)
	return nil
}

func (s *Service) checkCertificate() error {
	if !s.certificate.valid() {
		return dps.Errorf(dps.CodeUnavailable, "the service's certificate is not valid now")
	}
	return nil
}

// HealthAddr is where health is answered; nil where it is not.
func (s *Service) HealthAddr() net.Addr {
	if s.health.listener == nil {
		return nil
	}
	return s.health.listener.Addr()
}

// APIURL is where the REST API and the console are; "" where they are not.
func (s *Service) APIURL() string {
	if s.operators == nil {
		return ""
	}
	return s.operators.url()
}

// Addr is where the protocol ("tcp", "udp") is listened on; nil where it is not served.
func (s *Service) Addr(protocol string) net.Addr { return s.server.Addr(protocol) }

// Store is the embedded mode's store; nil in any other mode.
func (s *Service) Store() dps.Store { return s.backend.store }

// Counters are the events counted so far, by name and reason.
func (s *Service) Counters() map[string]uint64 { return s.metrics.Snapshot() }

// Metrics are what the service tells of itself.
func (s *Service) Metrics() *telemetry.Metrics { return s.metrics }

// Run serves until ctx is done, then drains: load balancers are told, requests in service are answered, records flushed,
// everything closed, in under 30 s. Errors: what had to be cut off, or did not close.
func (s *Service) Run(ctx context.Context) error {
	for _, protocol := range []string{"tcp", "udp"} {
		if a := s.Addr(protocol); a != nil {
			s.log.Info("devices may connect", "protocol", protocol, "address", a.String())
		}
	}
	var background sync.WaitGroup
	work, stop := context.WithCancel(context.WithoutCancel(ctx))
	background.Go(func() { s.gate.Watch(work, generationInterval) })
	background.Go(func() { s.recorder.Run(work) })
	background.Go(func() { s.certificate.Watch(work, certificateInterval) })
	background.Go(func() {
		if err := s.health.serve(); err != nil {
			s.log.Error("health is no longer answered", "error", err)
		}
	})
	serving, endServing := context.WithCancel(context.WithoutCancel(ctx))
	if s.operators != nil {
		background.Go(func() { s.operators.run(serving, s.log) })
	}
	background.Go(func() {
		select {
		case <-ctx.Done():
			s.health.drain(s.pause)
			endServing()
		case <-serving.Done(): // it could not go on serving
		}
	})
	err := s.server.Serve(serving, drainTimeout)
	endServing()
	stop()
	s.health.close()
	background.Wait() // the operators' requests among it
	flush, cancel := context.WithTimeout(context.WithoutCancel(ctx), flushTimeout)
	defer cancel()
	s.recorder.Flush(flush)
	s.flushLog(ctx)
	s.log.Info("drained", "counters", s.Counters())
	s.exporters.close(ctx)
	s.certificate.close()
	return errors.Join(err, s.backend.close())
}

// Flush brings what is recorded to the store now. Errors: ctx's.
func (s *Service) Flush(ctx context.Context) error {
	s.recorder.Flush(ctx)
	return ctx.Err()
}

// Close gives everything back where Run was never called.
func (s *Service) Close() error {
	s.server.Close()
	s.health.close()
	if s.operators != nil {
		s.operators.shutdown()
	}
	s.certificate.close()
	s.exporters.close(context.Background())
	return s.backend.close()
}
