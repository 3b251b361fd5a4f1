package hub_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"dps/localstack/hub"
	"dps/shared/certauthority/pb"
	"dps/shared/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	owner    = "owner 1"
	deviceID = "8b0e0c3a-59a6-4f4e-8d0c-9f8e8b9b4f11"
)

func start(t *testing.T, o hub.Options) *hub.Hub {
	t.Helper()
	if o.Dir == "" {
		o.Dir = t.TempDir()
	}
	h := must(hub.Start(t.Context(), o))(t)
	t.Cleanup(h.Close)
	return h
}

// web is a client that trusts the hub's root.
func web(t *testing.T, h *hub.Hub) *http.Client {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: h.PKI.Root.Pool()}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// token gets a token as a provisioning service does.
func token(t *testing.T, h *hub.Hub, claims url.Values) string {
	t.Helper()
	c := clientcredentials.Config{ClientID: "test", ClientSecret: "test", TokenURL: h.OAuthURL() + "/oauth/token", EndpointParams: claims}
	return must(c.Token(context.WithValue(t.Context(), oauth2.HTTPClient, web(t, h))))(t).AccessToken
}

// sign calls the authority over gRPC, with the client certificates given.
func sign(t *testing.T, h *hub.Hub, csr []byte, bearer string, certificates ...tls.Certificate) ([]byte, error) {
	t.Helper()
	conn := must(grpc.NewClient(h.AuthorityAddr(), grpc.WithTransportCredentials(credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS12, RootCAs: h.PKI.Root.Pool(), Certificates: certificates,
	}))))(t)
	defer func() { _ = conn.Close() }()
	ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "bearer "+bearer)
	answer, err := pb.NewCertificateAuthorityClient(conn).SignIdentityCertificate(ctx, &pb.SignCertificateRequest{CertificateSigningRequest: csr})
	return answer.GetCertificate(), err
}

// served is the certificate with which the hub answers at an address.
func served(t *testing.T, h *hub.Hub, address string) *x509.Certificate {
	t.Helper()
	d := tls.Dialer{Config: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: h.PKI.Root.Pool()}}
	conn := must(d.DialContext(t.Context(), "tcp", address))(t)
	defer func() { _ = conn.Close() }()
	return conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
}

func newCSR(t *testing.T, key *pki.Pair, id string) []byte {
	t.Helper()
	return must(pki.NewCSR("uuid:"+id, key.Key))(t)
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
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
