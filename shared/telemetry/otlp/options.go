package otlp

import (
	"crypto/tls"
	"log/slog"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"dps/shared/dps"
)

// Timeouts of exports, their attempts included. Metrics have more: nobody waits for them, and the next ones hold them too.
const (
	SpansTimeout   = 5 * time.Second
	MetricsTimeout = 10 * time.Second
	// DefaultInterval is between two exports of metrics.
	DefaultInterval = time.Minute
)

// Of the connection to the collector.
const (
	connectTimeout   = 5 * time.Second // of one attempt
	firstReconnect   = time.Second     // then longer and longer ...
	longestReconnect = 15 * time.Second
	firstRetry       = 300 * time.Millisecond // of an export
	longestRetry     = 2 * time.Second
	maxRequest       = 4 << 20 // bytes: a collector's own bound as it is delivered
)

// KeepAlive is when the connection is pinged, as in clients.openTelemetryCollector.grpc.keepAlive.
type KeepAlive struct {
	Time                time.Duration // without activity for so long; gRPC takes no less than 10 s
	Timeout             time.Duration // of the answer
	PermitWithoutStream bool          // also while nothing is exported
}

// Options say where the collector is.
type Options struct {
	Address   string // HOST:PORT
	KeepAlive KeepAlive
	// TLS is how it is trusted, and what this client shows; nil is in clear, which only a collector on this machine may be.
	TLS *tls.Config
	// Log is told of failures, at most once a minute; nil: nobody. It must not be one that exports to this collector.
	Log *slog.Logger
	Now func() time.Time // nil: time.Now
	// Count is told of exports of metrics that failed: telemetry.EventDropped, "metrics failed". nil: nobody.
	Count func(name, reason string)
}

func (o Options) check() error {
	host, port, err := net.SplitHostPort(o.Address)
	if err != nil || host == "" || port == "" {
		return dps.Errorf(dps.CodeInvalid, "address: %q is not HOST:PORT: write such as collector.example.com:4317", o.Address)
	}
	if ip := net.ParseIP(host); o.TLS == nil && host != "localhost" && !ip.IsLoopback() {
		return dps.Errorf(dps.CodeInvalid, "address: %q is on another machine, and tls has nothing to trust it by: set tls.caPool or tls.useSystemCAPool", o.Address)
	}
	return nil
}

// dial are the connection's own settings.
func (o Options) dial() []grpc.DialOption {
	secured := insecure.NewCredentials()
	if o.TLS != nil {
		secured = credentials.NewTLS(o.TLS)
	}
	wait := backoff.DefaultConfig
	wait.BaseDelay, wait.MaxDelay = firstReconnect, longestReconnect
	return []grpc.DialOption{
		grpc.WithTransportCredentials(secured), grpc.WithKeepaliveParams(o.KeepAlive.parameters()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: wait, MinConnectTimeout: connectTimeout}),
		grpc.WithUserAgent("dps"), grpc.WithDisableServiceConfig(),
	}
}

func (k KeepAlive) parameters() keepalive.ClientParameters {
	return keepalive.ClientParameters{Time: k.Time, Timeout: k.Timeout, PermitWithoutStream: k.PermitWithoutStream}
}
