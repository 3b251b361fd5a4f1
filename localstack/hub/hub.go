// Package hub is the stand-in hub: what a device needs after provisioning, and the service while it provisions, on one
// machine. It is for trying out and for tests: it gives anybody any owner.
//
//	oauth      discovery, keys, tokens            https
//	authority  signs identity certificates        gRPC with client certificates, and https
//	gateway    sign-up, sign-in, publish          coaps+tcp and coaps
package hub

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"

	"dps/localstack/hub/authority"
	"dps/localstack/hub/gateway"
	"dps/localstack/hub/oauth"
	"dps/shared/telemetry"
)

// The claims that plgd's own stand-in uses.
const (
	DefaultOwnerClaim    = "https://plgd.dev/owner"
	DefaultDeviceIDClaim = "https://plgd.dev/deviceId"
	DefaultHubID         = "d03a1bb4-0a77-428c-b78c-1c46efe6a38e"
)

// Options say where the hub listens and what it is called; the zero value of each is a default.
type Options struct {
	Dir           string // certificates and keys; required
	Host          string // 127.0.0.1
	OAuthPort     string // 0: any
	AuthorityPort string // 0: any
	GatewayPort   string // 0: any
	HubID         string
	OwnerClaim    string
	DeviceIDClaim string         // "-": tokens are not bound to devices
	Clients       []oauth.Client // plgd.dps and plgd.web, "test"/"test"
	Log           *slog.Logger
	OnDevice      func(gateway.Device)
}

// Hub runs until it is closed.
type Hub struct {
	OAuth     *oauth.Server
	Authority *authority.Authority
	Gateway   *gateway.Gateway
	PKI       *PKI

	o             Options
	oauthURL      string
	authorityAddr string
	web           *http.Server
	signing       *grpc.Server
	wg            sync.WaitGroup
}

// DefaultClients are seed 001's: the service's, and the people's.
func DefaultClients() []oauth.Client {
	return []oauth.Client{
		{Name: "plgd.dps", ID: "test", Secret: "test", GrantType: oauth.GrantClientCredentials, Scopes: []string{"openid"}, Audience: "https://api.example.com"},
		{Name: "plgd.web", ID: "test", Secret: "test", Scopes: []string{"openid"}, RedirectURL: "https://mock.plgd.cloud/things", UseInUI: true},
	}
}

// Start makes or loads the hub's certificates and starts its parts. Errors: of the folder and the sockets.
func Start(ctx context.Context, o Options) (*Hub, error) {
	o = o.withDefaults()
	h := &Hub{o: o}
	var err error
	if h.PKI, err = loadPKI(o.Dir, o.Host); err != nil {
		return nil, err
	}
	for _, start := range []func(context.Context) error{h.startOAuth, h.startAuthority, h.startGateway} {
		if err := start(ctx); err != nil {
			h.Close()
			return nil, err
		}
	}
	return h, nil
}

func (o Options) withDefaults() Options {
	for _, d := range []struct {
		field    *string
		fallback string
	}{
		{&o.Host, "127.0.0.1"}, {&o.OAuthPort, "0"}, {&o.AuthorityPort, "0"}, {&o.GatewayPort, "0"},
		{&o.HubID, DefaultHubID}, {&o.OwnerClaim, DefaultOwnerClaim}, {&o.DeviceIDClaim, DefaultDeviceIDClaim},
	} {
		if *d.field == "" {
			*d.field = d.fallback
		}
	}
	if o.DeviceIDClaim == "-" {
		o.DeviceIDClaim = ""
	}
	if o.Clients == nil {
		o.Clients = DefaultClients()
	}
	if o.Log == nil {
		o.Log = telemetry.Discard()
	}
	return o
}

func listen(ctx context.Context, what, host, port string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		return nil, fmt.Errorf("stand-in hub, %s: %w", what, err)
	}
	return l, nil
}

// startOAuth serves the OAuth server and the authority's HTTP face on one https port.
func (h *Hub) startOAuth(ctx context.Context) error {
	l, err := listen(ctx, "OAuth server", h.o.Host, h.o.OAuthPort)
	if err != nil {
		return err
	}
	h.oauthURL = "https://" + l.Addr().String()
	h.OAuth, err = oauth.New(oauth.Options{Issuer: h.oauthURL, Clients: h.o.Clients, OwnerClaim: h.o.OwnerClaim, DeviceIDClaim: h.o.DeviceIDClaim})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	h.Authority = authority.New(h.PKI.Root, h.PKI.Issuer, h.OAuth, h.o.OwnerClaim)
	mux := http.NewServeMux()
	mux.Handle("/", h.OAuth)
	h.Authority.RegisterHTTP(mux)
	h.web = &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute,
		ErrorLog:  slog.NewLogLogger(h.o.Log.Handler(), slog.LevelDebug),
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{h.PKI.Server.TLS()}},
	}
	h.wg.Go(func() { _ = h.web.ServeTLS(l, "", "") }) // ends when it is closed
	return nil
}

func (h *Hub) startAuthority(ctx context.Context) error {
	l, err := listen(ctx, "certificate authority", h.o.Host, h.o.AuthorityPort)
	if err != nil {
		return err
	}
	h.authorityAddr = l.Addr().String()
	h.signing = grpc.NewServer(append(authority.ServerOptions(), grpc.Creds(credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{h.PKI.Server.TLS()},
		ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: h.PKI.Root.Pool(),
	})))...)
	h.Authority.Register(h.signing)
	h.wg.Go(func() { _ = h.signing.Serve(l) }) // ends when it is stopped
	return nil
}

func (h *Hub) startGateway(ctx context.Context) (err error) {
	providers := make([]string, 0, len(h.o.Clients))
	for _, c := range h.o.Clients {
		providers = append(providers, c.Name)
	}
	devices := x509.NewCertPool()
	devices.AddCert(h.PKI.Root.Certificate)
	h.Gateway, err = gateway.Start(ctx, gateway.Options{
		Address: net.JoinHostPort(h.o.Host, h.o.GatewayPort), Certificate: h.PKI.Server.TLS(), Devices: devices, Tokens: h.OAuth,
		Providers: providers, OwnerClaim: h.o.OwnerClaim, DeviceIDClaim: h.o.DeviceIDClaim, Log: h.o.Log, OnChange: h.o.OnDevice,
	})
	if err != nil {
		return fmt.Errorf("stand-in hub, gateway: %w", err)
	}
	return nil
}

// OAuthURL is the OAuth server's issuer.
func (h *Hub) OAuthURL() string { return h.oauthURL }

// AuthorityAddr is the certificate authority's HOST:PORT for gRPC.
func (h *Hub) AuthorityAddr() string { return h.authorityAddr }

// Close stops everything and waits for it.
func (h *Hub) Close() {
	if h.Gateway != nil {
		h.Gateway.Close()
	}
	if h.signing != nil {
		h.signing.Stop()
	}
	if h.web != nil {
		_ = h.web.Close()
	}
	h.wg.Wait()
}
