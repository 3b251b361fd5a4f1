// Package certauthority has a hub's certificate authority sign identity certificates, over gRPC with a TLS client
// certificate and an access token (PROTOCOL §6). It passes on what the authority answers; judging it is the caller's.
package certauthority

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"dps/shared/certauthority/pb"
	"dps/shared/clientpool"
	"dps/shared/dps"
)

// Bounds on the connections and messages.
const (
	maxHubs     = 1024
	MaxAnswer   = 64 << 10 // bytes: ten certificates in PEM need less
	maxRequest  = 16 << 10
	metadataKey = "authorization"
)

// Options may be left zero.
type Options struct {
	// Count is told of connection cache hits and misses ("certificate_authority"). nil: nobody.
	Count func(name, reason string)
	// Gauge is given how many connections are kept. nil: nobody is.
	Gauge func(name, label string, read func() float64) (stop func())
}

// Authorities reaches the authorities of all hubs, one connection each, kept open. It is safe for concurrent use.
type Authorities struct {
	secrets dps.Secrets
	clients *clientpool.Pool[*client]
}

// New makes an Authorities that reads client keys from secrets. The last of opts counts.
func New(secrets dps.Secrets, opts ...Options) *Authorities {
	var o Options
	for _, last := range opts {
		o = last
	}
	return &Authorities{
		secrets: secrets,
		clients: clientpool.New[*client](clientpool.Options{Name: "certificate_authority", Size: maxHubs, Count: o.Count, Gauge: o.Gauge}),
	}
}

// Sign has the hub's authority sign the CSR (PEM) with the token of the group's owner, and gives its answer (PEM, leaf
// first). Errors: CodeInvalid where the authority calls the CSR invalid; CodeThrottled; CodeUnavailable for all else, for
// what an operator must mend too, so that no device is turned away for it. ErrTokenRefused is in the chain of the error
// where another token may help.
func (a *Authorities) Sign(ctx context.Context, hub dps.Hub, token string, csr []byte) ([]byte, error) {
	lease, err := a.client(ctx, hub)
	if err != nil {
		return nil, err
	}
	defer lease.Release()
	ctx = metadata.AppendToOutgoingContext(ctx, metadataKey, "bearer "+token)
	answer, err := lease.Client().authority.SignIdentityCertificate(ctx, &pb.SignCertificateRequest{CertificateSigningRequest: csr})
	if err != nil {
		err = translate(err)
		if isTLS(err) {
			lease.Outdate() // the key may have been rotated: read it again
		}
		return nil, err
	}
	return answer.GetCertificate(), nil
}

// Close closes all connections. Calls under way are finished first, each within its own deadline.
func (a *Authorities) Close() error { return a.clients.Close() }

func (a *Authorities) client(ctx context.Context, hub dps.Hub) (*clientpool.Lease[*client], error) {
	settings, err := clientpool.PrintOf(struct {
		Version   uint64
		Authority dps.CertificateAuthority
	}{hub.Version, hub.CertificateAuthority})
	if err != nil {
		return nil, err
	}
	return a.clients.Get(ctx, hub.ID, settings, func(ctx context.Context) (*client, error) {
		return dial(ctx, a.secrets, hub.CertificateAuthority)
	})
}

// client is one open connection.
type client struct {
	*grpc.ClientConn
	authority pb.CertificateAuthorityClient
}
