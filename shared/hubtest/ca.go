package hubtest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"net"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"dps/shared/certauthority/pb"
	"dps/shared/dps"
	"dps/shared/pki"
)

// CA is a certificate authority over gRPC with mutual TLS: a root and an intermediate that signs.
type CA struct {
	pb.UnimplementedCertificateAuthorityServer
	Address      string
	Root, Issuer *pki.Pair
	root         *pki.Pair // of the TLS certificates
	client       *pki.Pair
	server       *grpc.Server

	mu     sync.Mutex
	calls  int
	tokens []string
	OnSign func(ctx context.Context, csr []byte, token string) ([]byte, error) // replaces the signing
}

// NewCA starts the authority with certificates of root, and puts the key of the client certificate it wants into secrets.
func NewCA(t testing.TB, root *pki.Pair, secrets *Secrets) *CA {
	t.Helper()
	ca := &CA{root: root, Root: Must(pki.NewRoot("identity root"))(t)}
	ca.Issuer = Must(ca.Root.NewIntermediate("identity intermediate"))(t)
	ca.client = Must(root.NewLeaf("dps"))(t)
	secrets.Set(ClientKeyRef, Must(ca.client.KeyPEM())(t))
	ca.Listen(t, "127.0.0.1:0")
	return ca
}

// Listen serves at the address, also after Stop. It ends with the test.
func (ca *CA) Listen(t testing.TB, address string) {
	t.Helper()
	leaf := Must(ca.root.NewLeaf("ca", pki.Hosts("127.0.0.1")))(t)
	listener := Must((&net.ListenConfig{}).Listen(t.Context(), "tcp", address))(t)
	// Pings as often as the configuration's default has them; gRPC's own default takes them for an attack.
	polite := keepalive.EnforcementPolicy{MinTime: 5 * time.Second, PermitWithoutStream: true}
	server := grpc.NewServer(grpc.KeepaliveEnforcementPolicy(polite), grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{leaf.TLS()}, ClientCAs: ca.root.Pool(),
		ClientAuth: tls.RequireAndVerifyClientCert, MinVersion: tls.VersionTLS12,
	})))
	pb.RegisterCertificateAuthorityServer(server, ca)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // its end is Stop
	t.Cleanup(func() { server.Stop(); serving.Wait() })
	ca.Address, ca.server = listener.Addr().String(), server
}

// Stop cuts all connections and listens no more.
func (ca *CA) Stop() { ca.server.Stop() }

// Do changes the hook while no call is looking at it.
func (ca *CA) Do(change func(*CA)) {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	change(ca)
}

// Calls tells how often the authority was called, and with which tokens.
func (ca *CA) Calls() (int, []string) {
	ca.mu.Lock()
	defer ca.mu.Unlock()
	return ca.calls, append([]string(nil), ca.tokens...)
}

// Settings are what a hub's entry says of the authority.
func (ca *CA) Settings() dps.CertificateAuthority {
	return dps.CertificateAuthority{
		Address:   ca.Address,
		KeepAlive: dps.KeepAlive{Time: 10 * time.Second, Timeout: 20 * time.Second, PermitWithoutStream: true},
		TLS:       dps.ClientTLS{CAPool: string(ca.root.CertificatePEM()), Cert: string(ca.client.ChainPEM()), Key: ClientKeyRef},
	}
}

// SignIdentityCertificate implements the service.
func (ca *CA) SignIdentityCertificate(ctx context.Context, req *pb.SignCertificateRequest) (*pb.SignCertificateResponse, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	var token string
	if values := md.Get("authorization"); len(values) == 1 {
		token = values[0]
	}
	ca.mu.Lock()
	ca.calls++
	ca.tokens = append(ca.tokens, token)
	sign := ca.OnSign
	ca.mu.Unlock()
	if sign == nil {
		sign = func(_ context.Context, csr []byte, _ string) ([]byte, error) { return ca.Sign(csr) }
	}
	certificate, err := sign(ctx, req.GetCertificateSigningRequest(), token)
	if err != nil {
		return nil, err
	}
	return &pb.SignCertificateResponse{Certificate: certificate}, nil
}

// Sign is honest, unless opts say otherwise: leaf, intermediate, root.
func (ca *CA) Sign(csrPEM []byte, opts ...pki.Option) ([]byte, error) {
	leaf, err := ca.Leaf(csrPEM, opts...)
	if err != nil {
		return nil, err
	}
	return []byte(dps.EncodeCertificatesPEM(leaf, ca.Issuer.Certificate, ca.Root.Certificate)), nil
}

// Leaf makes an identity certificate for the CSR.
func (ca *CA) Leaf(csrPEM []byte, opts ...pki.Option) (*x509.Certificate, error) {
	block, _ := pem.Decode(csrPEM)
	if block == nil {
		return nil, status.Error(codes.InvalidArgument, "no PEM")
	}
	csr, err := x509.ParseCertificateRequest(block.Bytes)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	pair, err := ca.Issuer.SignPublicKey(csr.Subject, csr.PublicKey, append([]pki.Option{pki.UnknownEKU(pki.OIDIdentity)}, opts...)...)
	if err != nil {
		return nil, err
	}
	return pair.Certificate, nil
}
