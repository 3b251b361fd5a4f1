package d2d

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"dps/client/d2d/member"
	"dps/client/d2d/reach"
	"dps/client/d2d/settings"
	"dps/client/d2d/web"
	"dps/shared/bearer"
	"dps/shared/build"
)

const (
	maxHeader = 64 << 10        // bytes of a request's header
	lastWords = 5 * time.Second // for requests under way when the client ends
)

// ServerOptions are what a Server is made of; the zero value of each but Config is a default.
type ServerOptions struct {
	Config   settings.Config
	Listener net.Listener // instead of apis.http.address; without TLS of its own
	Getenv   func(string) string
	Log      *slog.Logger
	// Show tells a person where to log in, and with which code.
	Show func(page, code string)
}

// Server is the whole client: its credentials, its sessions with devices, and its HTTP API.
type Server struct {
	member   *member.Member
	reacher  *reach.Client
	verifier *bearer.Verifier // nil: apis.http.authorization is not set
	hub      *http.Transport
	http     *http.Server
	listener net.Listener
	scheme   string
	log      *slog.Logger
}

// Open reads the credentials and the files that the configuration names, makes a pre-shared key at the first start where that is the
// way, and listens; Run serves. Errors: of settings, files, the vault and the socket, each naming its setting.
func Open(ctx context.Context, o ServerOptions) (*Server, error) {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{log: o.Log, scheme: "http"}
	f, err := readFiles(o.Config)
	if err != nil {
		return nil, err
	}
	s.hub = f.transport()
	if s.member, err = openMember(o, f, s); err != nil {
		return nil, err
	}
	if s.reacher, err = newReacher(o, f, s.member); err != nil { //nolint:contextcheck // its sessions are no request's
		s.member.Close()
		return nil, err
	}
	if err := s.listen(ctx, o, f); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func newReacher(o ServerOptions, f files, m *member.Member) (*reach.Client, error) {
	c := o.Config.Clients.Device.COAP
	return reach.New(reach.Options{
		Credentials: m.Credentials, ManufacturerRoots: f.manufacturers, Interfaces: c.Interfaces,
		Timeout: c.Timeout, IdleTimeout: c.InactivityMonitor.Timeout, MaxAnswer: c.MaxMessageSize, Log: o.Log,
	})
}

func (s *Server) listen(ctx context.Context, o ServerOptions, f files) (err error) {
	h := o.Config.APIs.HTTP
	if a := h.Authorization; a.Authority != "" {
		s.verifier = bearer.New(bearer.Options{Authority: a.Authority, Audience: a.Audience, OwnerClaim: a.OwnerClaim, Client: f.client(s.hub)})
	}
	api := Options{
		Member: s.member, Reacher: s.reacher, Config: o.Config, Roots: f.rootsPEM, Version: build.Version(), Log: o.Log,
	}
	if s.verifier != nil {
		api.Verifier = s.verifier
	}
	r := o.Config.RemoteProvisioning
	api.Pages = web.Handler(append([]string{r.Authority, r.CertificateAuthority}, h.Page.ConnectSources...)...)
	s.http = &http.Server{
		Handler: New(api), TLSConfig: f.serverTLS, ReadTimeout: h.ReadTimeout, ReadHeaderTimeout: h.ReadHeaderTimeout, WriteTimeout: h.WriteTimeout,
		IdleTimeout: h.IdleTimeout, MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	if s.listener = o.Listener; s.listener != nil {
		return nil
	}
	if f.serverTLS != nil {
		s.scheme = "https"
	}
	if s.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", h.Address); err != nil {
		return unusable("apis.http.address", err)
	}
	return nil
}

// URL is where the page and the API are.
func (s *Server) URL() string { return s.scheme + "://" + s.listener.Addr().String() }

// Status is who the client is now.
func (s *Server) Status() member.Status { return s.member.Status() }

// Run serves, and renews the identity certificate, until ctx is done; requests under way get a few seconds. Errors: the socket failed.
func (s *Server) Run(ctx context.Context) error {
	defer s.close()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var background sync.WaitGroup
	defer background.Wait()
	background.Go(func() { s.member.Run(ctx) })
	background.Go(func() { <-ctx.Done(); s.shutdown() }) //nolint:contextcheck // ctx is over: what ends has a time limit of its own
	err := s.serve()
	stop()
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

func (s *Server) serve() error {
	if s.scheme == "https" {
		return s.http.ServeTLS(s.listener, "", "")
	}
	return s.http.Serve(s.listener)
}

func (s *Server) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), lastWords)
	defer cancel()
	if s.http.Shutdown(ctx) != nil {
		_ = s.http.Close()
	}
}

// Close gives everything back where Run was never called.
func (s *Server) Close() {
	_ = s.listener.Close()
	s.close()
}

func (s *Server) close() {
	if s.verifier != nil {
		s.verifier.Close()
	}
	s.reacher.Close()
	s.member.Close()
	s.hub.CloseIdleConnections()
}
