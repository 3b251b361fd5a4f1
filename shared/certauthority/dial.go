package certauthority

import (
	"context"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"dps/shared/certauthority/pb"
	"dps/shared/clienttls"
	"dps/shared/dps"
)

// minKeepAliveTime is the least that gRPC pings at; it would raise a smaller one itself, with a warning for each client.
const minKeepAliveTime = 10 * time.Second

// An authority that comes back is found within seconds: devices wait for it.
const (
	connectTimeout = 3 * time.Second
	firstReconnect = 200 * time.Millisecond
	lastReconnect  = 3 * time.Second
)

// dial prepares the connection, which is made with the first call. Errors: CodeUnavailable, naming the setting at fault.
func dial(ctx context.Context, secrets dps.Secrets, ca dps.CertificateAuthority) (*client, error) {
	config, err := clienttls.Config(ctx, secrets, ca.TLS)
	if err != nil {
		return nil, dps.Wrap(dps.CodeUnavailable, err, "certificateAuthority.grpc.tls."+dps.AsError(err).Message)
	}
	conn, err := grpc.NewClient(ca.Address, append(keepAlive(ca.KeepAlive),
		grpc.WithTransportCredentials(credentials.NewTLS(config)),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(MaxAnswer), grpc.MaxCallSendMsgSize(maxRequest)),
		grpc.WithDisableServiceConfig(), // nobody but the operator decides on retries and balancing
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: firstReconnect, Multiplier: 1.6, Jitter: 0.2, MaxDelay: lastReconnect},
			MinConnectTimeout: connectTimeout,
		}),
	)...)
	if err != nil {
		return nil, dps.Wrap(dps.CodeUnavailable, err, "certificateAuthority.grpc.address is not of the form HOST:PORT")
	}
	return &client{ClientConn: conn, authority: pb.NewCertificateAuthorityClient(conn)}, nil
}

// keepAlive gives no option where no time is set: gRPC then never pings.
func keepAlive(k dps.KeepAlive) []grpc.DialOption {
	if k.Time <= 0 {
		return nil
	}
	return []grpc.DialOption{grpc.WithKeepaliveParams(keepalive.ClientParameters{
		Time: max(k.Time, minKeepAliveTime), Timeout: k.Timeout, PermitWithoutStream: k.PermitWithoutStream,
	})}
}
