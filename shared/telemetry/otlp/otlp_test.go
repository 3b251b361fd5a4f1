package otlp_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
	"dps/shared/telemetry"
	"dps/shared/telemetry/otlp"
	"dps/shared/telemetry/pipeline"
)

func TestACollectorReceivesEverything(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, "", nil, nil)
	s := newSender(t, r.address, nil)
	ctx, root := s.tracer.Serve(t.Context(), "device connection", telemetry.Transport("tcp"))
	inner, step := s.tracer.Start(ctx, "step credential", telemetry.Step(dps.StepCredentials))
	s.span(inner, "invoke sign")
	step.End(dps.Errorf(dps.CodeUnavailable, "the hub does not answer"))
	root.End(nil)
	s.metrics.Count("step_credential", "5.03")
	s.metrics.Observe("step", "credential", "5.03", time.Second)
	s.metrics.Gauge("connections", "open", func() float64 { return 1 })
	s.shutdown(t.Context())

	spans := r.spans()
	if len(spans) != 3 {
		t.Fatalf("%d spans, want 3", len(spans))
	}
	top, middle, leaf := spans["device connection"], spans["step credential"], spans["invoke sign"]
	if string(middle.GetParentSpanId()) != string(top.GetSpanId()) || string(leaf.GetParentSpanId()) != string(middle.GetSpanId()) ||
		string(leaf.GetTraceId()) != string(top.GetTraceId()) {
		t.Error("the spans are not one tree")
	}
	if st := middle.GetStatus(); st.GetCode() != tracepb.Status_STATUS_CODE_ERROR || st.GetMessage() != "the hub does not answer" {
		t.Errorf("status %v", st)
	}
	resource := fmt.Sprint(r.traces[0].GetResource())
	for _, want := range []string{"service.name", "dps-test", "service.version", "cloud.platform", "aws_lambda", "faas.name"} {
		if !strings.Contains(resource, want) {
			t.Errorf("resource has no %s: %s", want, resource)
		}
	}
	for _, name := range []string{"dps.step.results", "dps.step.duration", "dps.connections"} {
		if r.points(name) != 1 {
			t.Errorf("%s: %d points, want 1", name, r.points(name))
		}
	}
	if got := s.metrics.Get(telemetry.EventDropped, "spans failed"); got != 0 || s.log.String() != "" {
		t.Errorf("%d dropped; %s", got, s.log.String())
	}
}

func TestACollectorThatNeverAnswers(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 16)
	hangs := func(ctx context.Context) error { asked <- struct{}{}; <-ctx.Done(); return ctx.Err() }
	r := newReceiver(t, "", nil, hangs)
	s := newSender(t, r.address, nil)
	const more = 100
	for range 512 { // a full batch, which is exported at once
		s.span(t.Context(), "x")
	}
	<-asked
	for range pipeline.MaxSpansWaiting - 512 + more { // nobody waits for the collector
		s.span(t.Context(), "x")
	}
	if got := s.metrics.Get(telemetry.EventDropped, "spans queue_full"); got != more {
		t.Errorf("%d dropped, want %d: no more than %d spans wait", got, more, pipeline.MaxSpansWaiting)
	}
	s.shutdown(t.Context())
	failed, left := s.metrics.Get(telemetry.EventDropped, "spans failed"), s.metrics.Get(telemetry.EventDropped, "spans shutdown")
	if failed+left != pipeline.MaxSpansWaiting || s.metrics.Get(telemetry.EventDropped, "metrics failed") == 0 {
		t.Errorf("%d failed and %d cut off, want %d together; %v", failed, left, pipeline.MaxSpansWaiting, s.metrics.Snapshot())
	}
	if n := s.lines("does not reach the collector"); n != 1 {
		t.Errorf("%d lines in a minute, want 1:\n%s", n, s.log.String())
	}
}

func TestACollectorThatRefuses(t *testing.T) {
	t.Parallel()
	for _, code := range []codes.Code{codes.Unauthenticated, codes.InvalidArgument, codes.Internal, codes.Unimplemented} {
		t.Run(code.String(), func(t *testing.T) {
			t.Parallel()
			r := newReceiver(t, "", nil, func(context.Context) error { return status.Error(code, "go away") })
			s := newSender(t, r.address, nil)
			for range 3 {
				s.span(t.Context(), "x")
				if err := s.tracing.Flush(t.Context()); err != nil {
					t.Errorf("the program hears of it: %v", err)
				}
			}
			s.metrics.Count("handshake_failed", "tls")
			if err := s.meters.Provider().ForceFlush(t.Context()); err != nil {
				t.Errorf("the program hears of it: %v", err)
			}
			if got := s.metrics.Get(telemetry.EventDropped, "spans failed"); got != 3 {
				t.Errorf("%d spans dropped, want 3", got)
			}
			if got := s.metrics.Get(telemetry.EventDropped, "metrics failed"); got != 1 {
				t.Errorf("%d exports of metrics failed, want 1", got)
			}
			if n := s.lines("does not reach the collector"); n != 1 {
				t.Errorf("%d lines, want 1:\n%s", n, s.log.String())
			}
		})
	}
}

func TestACollectorThatGoesAwayAndComesBack(t *testing.T) {
	t.Parallel()
	first := newReceiver(t, "", nil, nil)
	s := newSender(t, first.address, nil)
	s.span(t.Context(), "before")
	if err := s.tracing.Flush(t.Context()); err != nil || first.spans()["before"] == nil {
		t.Fatalf("%v, %v", err, first.spans())
	}
	first.server.Stop()
	second := newReceiver(t, first.address, nil, nil)
	s.span(t.Context(), "after")
	if err := s.tracing.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.metrics.Count("handshake_failed", "tls")
	if err := s.meters.Provider().ForceFlush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if second.spans()["after"] == nil || second.points("dps.handshake.failures") != 1 {
		t.Errorf("spans %v, metrics %v: %s", second.spans(), second.metrics, s.log.String())
	}
}

func TestNoCollectorAtAll(t *testing.T) {
	t.Parallel()
	l := hubtest.Must(new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0"))(t)
	address := l.Addr().String()
	_ = l.Close()
	s := newSender(t, address, nil)
	s.span(t.Context(), "x")
	s.shutdown(t.Context())
	if got := s.metrics.Get(telemetry.EventDropped, "spans failed"); got != 1 {
		t.Errorf("%v", s.metrics.Snapshot())
	}
}

func TestTLSWithClientCertificate(t *testing.T) {
	t.Parallel()
	root := hubtest.Must(pki.NewRoot("root"))(t)
	server := hubtest.Must(root.NewLeaf("collector", pki.Hosts("127.0.0.1")))(t)
	client := hubtest.Must(root.NewLeaf("ingress"))(t)
	stranger := hubtest.Must(hubtest.Must(pki.NewRoot("other"))(t).NewLeaf("ingress"))(t)
	security := credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{server.TLS()}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: root.Pool(),
	})
	r := newReceiver(t, "", security, nil)
	for name, tt := range map[string]struct {
		trust *tls.Config
		want  bool
	}{
		"known":              {&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: root.Pool(), Certificates: []tls.Certificate{client.TLS()}}, true},
		"no certificate":     {&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: root.Pool()}, false},
		"stranger":           {&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: root.Pool(), Certificates: []tls.Certificate{stranger.TLS()}}, false},
		"untrusted receiver": {&tls.Config{MinVersion: tls.VersionTLS12, RootCAs: stranger.Pool(), Certificates: []tls.Certificate{client.TLS()}}, false},
		"in clear":           {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSender(t, r.address, tt.trust)
			s.span(t.Context(), name)
			s.shutdown(t.Context())
			if _, got := r.spans()[name]; got != tt.want {
				t.Errorf("received: %t, want %t; %s", got, tt.want, s.log.String())
			}
			if dropped := s.metrics.Get(telemetry.EventDropped, "spans failed"); (dropped == 0) != tt.want {
				t.Errorf("%d dropped", dropped)
			}
		})
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	for address, want := range map[string]string{
		"":                           "HOST:PORT",
		"collector":                  "HOST:PORT",
		":4317":                      "HOST:PORT",
		"collector.example.com:4317": "tls.caPool",
		"10.0.0.1:4317":              "tls.caPool",
	} {
		_, err := otlp.Connect(t.Context(), otlp.Options{Address: address})
		if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want invalid, with %s", address, err, want)
		}
	}
	for _, address := range []string{"localhost:4317", "127.0.0.1:4317", "[::1]:4317"} {
		c, err := otlp.Connect(t.Context(), otlp.Options{Address: address})
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		_ = c.Close()
	}
}
