package collector_test

import (
	"context"
	"crypto/tls"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	collectortrace "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/peer"

	"dps/shared/config"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
	"dps/shared/telemetry"
	"dps/shared/telemetry/collector"
	"dps/shared/telemetry/otlp"
	"dps/shared/telemetry/pipeline"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// receiver remembers who has sent it spans.
type receiver struct {
	collectortrace.UnimplementedTraceServiceServer
	mu      sync.Mutex
	senders []string
}

func (r *receiver) Export(ctx context.Context, _ *collectortrace.ExportTraceServiceRequest) (*collectortrace.ExportTraceServiceResponse, error) {
	name := "nobody"
	if p, ok := peer.FromContext(ctx); ok {
		if info, ok := p.AuthInfo.(credentials.TLSInfo); ok && len(info.State.PeerCertificates) > 0 {
			name = info.State.PeerCertificates[0].Subject.CommonName
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.senders = append(r.senders, name)
	return new(collectortrace.ExportTraceServiceResponse), nil
}

func (r *receiver) take() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := strings.Join(r.senders, ",")
	r.senders = nil
	return all
}

func listen(t *testing.T, security credentials.TransportCredentials) (*receiver, string) {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r, server, done := new(receiver), grpc.NewServer(grpc.Creds(security)), make(chan struct{})
	collectortrace.RegisterTraceServiceServer(server, r)
	go func() { defer close(done); _ = server.Serve(l) }()
	t.Cleanup(func() { server.Stop(); <-done })
	return r, l.Addr().String()
}

// send opens the section's collector and exports one span.
func send(t *testing.T, c config.CollectorGRPC) {
	t.Helper()
	opened, err := collector.Open(t.Context(), c, otlp.Options{})
	if err != nil {
		t.Fatal(err)
	}
	tracing, err := pipeline.NewTracing(pipeline.Source{}, pipeline.TracingOptions{Ratio: 1, Exporter: opened.Spans()})
	if err != nil {
		t.Fatal(err)
	}
	_, span := telemetry.NewTracer(tracing.Provider()).Start(t.Context(), "x")
	span.End(nil)
	_ = tracing.Shutdown(t.Context()) // whether it came, the receiver knows
	if err := opened.Close(); err != nil {
		t.Error(err)
	}
}

func section(t *testing.T, yaml string) config.CollectorGRPC {
	t.Helper()
	c, err := config.Parse([]byte("clients:\n  openTelemetryCollector:\n    grpc:\n" + yaml))
	if err != nil {
		t.Fatal(err)
	}
	return c.Clients.OpenTelemetryCollector.GRPC
}

func TestEveryProperty(t *testing.T) {
	root := hubtest.Must(pki.NewRoot("root"))(t)
	other := hubtest.Must(pki.NewRoot("other"))(t)
	server := hubtest.Must(root.NewLeaf("collector", pki.Hosts("127.0.0.1")))(t)
	client := hubtest.Must(root.NewLeaf("ingress"))(t)
	dir := t.TempDir()
	write := func(name string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	pool, pool2 := write("other.pem", other.CertificatePEM()), write("root.pem", root.CertificatePEM())
	cert, key := write("client.pem", client.ChainPEM()), write("client.key", hubtest.Must(client.KeyPEM())(t))
	security := &tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{server.TLS()}, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: root.Pool(),
	}
	for name, tt := range map[string]struct{ tls, want string }{
		"pool alone":               {"caPool: [" + pool + ", " + pool2 + "]", "nobody"},
		"pool and certificate":     {"caPool: " + pool2 + ", certFile: " + cert + ", keyFile: " + key, "ingress"},
		"the system's too":         {"caPool: " + pool2 + ", useSystemCAPool: true", "nobody"},
		"the system's alone":       {"useSystemCAPool: true", ""},
		"another's":                {"caPool: " + pool, ""},
		"in clear, to one on TLS":  {"", ""},
		"certificate and no trust": {"certFile: " + cert + ", keyFile: " + key, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, address := listen(t, credentials.NewTLS(security))
			send(t, section(t, "      enabled: true\n      address: "+address+
				"\n      keepAlive: {time: 11s, timeout: 21s, permitWithoutStream: false}\n      tls: {"+tt.tls+"}\n"))
			if got := r.take(); got != tt.want {
				t.Errorf("received from %q, want %q", got, tt.want)
			}
		})
	}
}

func TestInClearOnThisMachine(t *testing.T) {
	r, address := listen(t, insecure.NewCredentials())
	send(t, section(t, "      enabled: true\n      address: "+address+"\n"))
	if got := r.take(); got != "nobody" {
		t.Errorf("received from %q", got)
	}
}

func TestNotEnabled(t *testing.T) {
	c, err := collector.Open(t.Context(), config.CollectorGRPC{Address: "collector:4317"}, otlp.Options{})
	if c != nil || err != nil {
		t.Errorf("%v, %v", c, err)
	}
}

func TestErrorsNameTheProperty(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing.pem")
	for name, tt := range map[string]struct {
		section config.CollectorGRPC
		code    dps.Code
		want    string
	}{
		"pool":     {config.CollectorGRPC{TLS: config.ClientTLS{CAPool: []string{missing}}}, dps.CodeNotFound, "clients.openTelemetryCollector.grpc.tls.caPool: "},
		"no PEM":   {config.CollectorGRPC{TLS: config.ClientTLS{CAPool: []string{"data:,hello"}}}, dps.CodeUnavailable, "clients.openTelemetryCollector.grpc.tls.caPool: "},
		"cert":     {config.CollectorGRPC{TLS: config.ClientTLS{CertFile: missing, KeyFile: "x.key"}}, dps.CodeNotFound, "clients.openTelemetryCollector.grpc.tls.certFile: "},
		"key only": {config.CollectorGRPC{TLS: config.ClientTLS{KeyFile: "data:,hush"}}, dps.CodeUnavailable, "clients.openTelemetryCollector.grpc.tls."},
		"address":  {config.CollectorGRPC{Address: "nowhere"}, dps.CodeInvalid, "clients.openTelemetryCollector.grpc.address: "},
	} {
		tt.section.Enabled = true
		if tt.section.Address == "" {
			tt.section.Address = "collector:4317"
		}
		tt.section.KeepAlive = config.KeepAlive{Time: 10 * time.Second, Timeout: 20 * time.Second}
		_, err := collector.Open(t.Context(), tt.section, otlp.Options{})
		if dps.CodeOf(err) != tt.code || !strings.HasPrefix(dps.AsError(err).Message, tt.want) || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v, want %s that begins with %s", name, err, tt.code, tt.want)
		}
	}
}
