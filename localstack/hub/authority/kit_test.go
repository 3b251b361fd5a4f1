package authority_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	"dps/localstack/hub/authority"
	"dps/localstack/hub/oauth"
	"dps/localstack/hub/oauth/oauthtest"
	"dps/shared/certauthority/pb"
	"dps/shared/dps"
	"dps/shared/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	deviceID = "8b0e0c3a-59a6-4f4e-8d0c-9f8e8b9b4f11"
	otherID  = "1b0e0c3a-59a6-4f4e-8d0c-9f8e8b9b4f22"
)

var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// world is an authority with its clock at now, over gRPC in memory and over HTTP without a socket. What TLS adds to it is
// tested with the hub.
type world struct {
	*authority.Authority
	root, issuer *pki.Pair
	oauth        *oauth.Server
	grpc         pb.CertificateAuthorityClient
	http         *http.ServeMux
}

func newWorld(t *testing.T) *world {
	t.Helper()
	clock := func() time.Time { return now }
	always := pki.Validity(now.AddDate(-1, 0, 0), now.AddDate(10, 0, 0))
	w := &world{oauth: oauthtest.New(t, clock), http: http.NewServeMux()}
	w.root = must(pki.NewRoot("root", always))(t)
	w.issuer = must(w.root.NewIntermediate("issuer", always))(t)
	w.Authority = authority.New(w.root, w.issuer, authority.Options{
		Tokens: w.oauth, OwnerClaim: oauthtest.OwnerClaim, DeviceIDClaim: oauthtest.DeviceIDClaim, Now: clock,
	})
	w.RegisterHTTP(w.http)
	w.dial(t)
	return w
}

func (w *world) dial(t *testing.T) {
	t.Helper()
	listener := bufconn.Listen(64 << 10)
	server := grpc.NewServer(authority.ServerOptions()...)
	w.Register(server)
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // ends when it is stopped
	conn := must(grpc.NewClient("passthrough:authority", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) })))(t)
	t.Cleanup(func() { _ = conn.Close(); server.Stop(); serving.Wait() })
	w.grpc = pb.NewCertificateAuthorityClient(conn)
}

// sign calls the authority over gRPC with the values of the header authorization.
func (w *world) sign(ctx context.Context, csr []byte, authorization ...string) ([]byte, error) {
	for _, a := range authorization {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", a)
	}
	answer, err := w.grpc.SignIdentityCertificate(ctx, &pb.SignCertificateRequest{CertificateSigningRequest: csr})
	return answer.GetCertificate(), err
}

// bearer is the header of an owner's token, bound to a device where one is given.
func (w *world) bearer(t *testing.T, device string) string {
	t.Helper()
	return "Bearer " + oauthtest.Token(t, w.oauth, "1", device)
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	return must(pki.NewKey())(t)
}

func newCSR(t *testing.T, commonName string, key crypto.Signer) []byte {
	t.Helper()
	return must(pki.NewCSR(commonName, key))(t)
}

func chainOf(t *testing.T, data []byte) []*x509.Certificate {
	t.Helper()
	return must(dps.ParseCertificatesPEM(data, 3))(t)
}

func must[T any](value T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return value
	}
}
