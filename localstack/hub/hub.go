// Package hub is the stand-in hub: what a device needs after provisioning, and the service while it provisions, on one
// machine. It is for trying out and for tests: it gives anybody any owner.
//
//	oauth      discovery, keys, tokens            https; for people, also http on loopback
//	authority  signs identity certificates        gRPC with client certificates, and https
//	gateway    sign-up, sign-in, publish          coaps+tcp and coaps
package hub

import (
	"context"
	"crypto/tls"
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

	// PeopleAddress is a loopback HOST:PORT where people log in over plain http, so that no browser warns of a certificate. The
	// tokens have this address as their issuer. "": none.
	PeopleAddress  string
	PeopleAudience string // of people's tokens; DefaultPeopleAudience
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
	people        *http.Server
	peopleURL     string
	signing       *grpc.Server
	wg            sync.WaitGroup
}

// Start makes or loads the hub's certificates and starts its parts. Errors: of the clients, the folder and
// the sockets.
func Start(ctx context.Context, o Options) (*Hub, error) {
	o = o.withDefaults()
	if err := checkClients(o.Clients); err != nil {
		return nil, fmt.Errorf("stand-in hub: %w", err)
	}
	h := &Hub{o: o}
	var err error
	if h.PKI, err = loadPKI(o.Dir, o.Host); err != nil {
		return nil, err
	}
	for _, start := range []func(context.Context) error{h.startOAuth, h.startPeople, h.startAuthority, h.startGateway} {
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
		{&o.PeopleAudience, DefaultPeopleAudience},
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
		return nil, cannotListen(what, err)
	}
	return l, nil
}

// cannotListen names the flag of the host or port at fault.
func cannotListen(what string, err error) error {
	return fmt.Errorf("%w: --%s-port takes a port that is free, or 0 for any; --host an address of this machine", err, what)
}

// at is what others connect to: the host as it was given, which the certificate names, and the port that was found.
func (h *Hub) at(listener string) string {
	_, port, _ := net.SplitHostPort(listener) // listeners' addresses have one
	return net.JoinHostPort(h.o.Host, port)
}

// startOAuth serves the OAuth server and the authority's HTTP face on one https port.
func (h *Hub) startOAuth(ctx context.Context) error {
	l, err := listen(ctx, "oauth", h.o.Host, h.o.OAuthPort)
	if err != nil {
		return err
	}
	h.oauthURL = "https://" + h.at(l.Addr().String())
	h.OAuth, err = oauth.New(oauth.Options{Issuer: h.oauthURL, Clients: h.o.Clients, OwnerClaim: h.o.OwnerClaim, DeviceIDClaim: h.o.DeviceIDClaim})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	h.Authority = authority.New(h.PKI.Root, h.PKI.Issuer, authority.Options{Tokens: h.OAuth, OwnerClaim: h.o.OwnerClaim, DeviceIDClaim: h.o.DeviceIDClaim})
	mux := http.NewServeMux()
	mux.Handle("/", h.OAuth)
	h.Authority.RegisterHTTP(mux)
	h.web = h.newWebServer(mux)
	h.web.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{h.PKI.Server.TLS()}}
	h.wg.Go(func() { _ = h.web.ServeTLS(l, "", "") }) // ends when it is closed
	return nil
}

func (h *Hub) newWebServer(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: handler, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(h.o.Log.Handler(), slog.LevelDebug),
	}
}

func (h *Hub) startAuthority(ctx context.Context) error {
	l, err := listen(ctx, "authority", h.o.Host, h.o.AuthorityPort)
	if err != nil {
		return err
	}
	h.authorityAddr = h.at(l.Addr().String())
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
	h.Gateway, err = gateway.Start(ctx, gateway.Options{
		Address: net.JoinHostPort(h.o.Host, h.o.GatewayPort), Certificate: h.PKI.Server.TLS(), Devices: h.PKI.Root.Pool(), Tokens: h.OAuth,
		Providers: providers, OwnerClaim: h.o.OwnerClaim, DeviceIDClaim: h.o.DeviceIDClaim, Log: h.o.Log, OnChange: h.o.OnDevice,
	})
	if err != nil {
		return cannotListen("gateway", err)
	}
	return nil
}

// OAuthURL is the OAuth server's issuer.
func (h *Hub) OAuthURL() string { return h.oauthURL }

// GatewayAddr is the gateway's HOST:PORT, for TLS and DTLS.
func (h *Hub) GatewayAddr() string { return h.at(h.Gateway.Addr()) }

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
	for _, server := range []*http.Server{h.web, h.people} {
		if server != nil {
			_ = server.Close()
		}
	}
	h.wg.Wait()
}
