package ingress

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

	"dps/shared/bearer"
	"dps/shared/clienttls"
	"dps/shared/config"
	"dps/shared/dps"
)

const (
	maxHeader      = 128 << 10       // bytes of a request's header; the API refuses long queries itself
	requestTimeout = 5 * time.Second // for requests under way when the service ends
)

// operators is the HTTP endpoint of the embedded mode: the REST API and the console.
type operators struct {
	server      *http.Server
	listener    net.Listener
	certificate *certificate // nil: plain HTTP
	tls         *tls.Config  // of the certificate
	close       func()
}

// newOperators listens where apis.http says so, and gives nil where it is not enabled. Errors: of settings, files and the socket,
// naming the setting.
func newOperators(ctx context.Context, cfg config.Config, b *backend, o Options, count func(name, reason string)) (*operators, error) {
	if !cfg.APIs.HTTP.Enabled || b.operators == nil {
		return nil, nil //nolint:nilnil // the comment says what nil means
	}
	verifier, closeVerifier, err := newVerifier(ctx, cfg, o)
	if err != nil {
		return nil, fmt.Errorf("apis.http.authorization: %w", err)
	}
	s := &operators{close: closeVerifier}
	if err := s.listen(ctx, cfg, o, count); err != nil {
		closeVerifier()
		return nil, err
	}
	h := cfg.APIs.HTTP
	s.server = &http.Server{
		Handler: b.operators(verifier), TLSConfig: s.tls,
		ReadTimeout: h.ReadTimeout, ReadHeaderTimeout: h.ReadHeaderTimeout, WriteTimeout: h.WriteTimeout, IdleTimeout: h.IdleTimeout,
		MaxHeaderBytes: maxHeader, ErrorLog: slog.NewLogLogger(o.Log.Handler(), slog.LevelDebug),
	}
	return s, nil
}

// newVerifier reads whom to trust. Nobody is asked anything before the first token comes.
func newVerifier(ctx context.Context, cfg config.Config, o Options) (*bearer.Verifier, func(), error) {
	settings, err := cfg.AuthorityClient()
	if err != nil {
		return nil, nil, err
	}
	trust, err := clienttls.Config(ctx, configFiles{}, settings.TLS)
	if err != nil {
		return nil, nil, fmt.Errorf("http.tls: %w", err)
	}
	transport := clienttls.Transport(trust, settings)
	a := cfg.APIs.HTTP.Authorization
	verifier := bearer.New(bearer.Options{
		Authority: a.Authority, Audience: a.Audience, OwnerClaim: a.OwnerClaim, Now: o.Now,
		Client: &http.Client{Transport: transport, Timeout: settings.Timeout},
	})
	return verifier, func() { verifier.Close(); transport.CloseIdleConnections() }, nil
}

// configFiles reads the secrets of the configuration's own clients, which are files.
type configFiles struct{}

// Secret implements dps.Secrets.
func (configFiles) Secret(_ context.Context, ref dps.SecretRef) ([]byte, error) {
	return config.ReadFile(string(ref))
}

func (s *operators) listen(ctx context.Context, cfg config.Config, o Options, count func(name, reason string)) error {
	h := cfg.APIs.HTTP
	plain, err := (&net.ListenConfig{}).Listen(ctx, "tcp", h.Address)
	if err != nil {
		return fmt.Errorf("apis.http.address: %w", err)
	}
	s.listener = plain
	if !h.TLS.Enabled {
		if ip, ok := plain.Addr().(*net.TCPAddr); ok && !ip.IP.IsLoopback() {
			o.Log.Warn("the REST API is served without TLS beyond this machine: see that a proxy before it ends TLS", "setting", "apis.http.tls.enabled", "address", plain.Addr().String())
		}
		return nil
	}
	if s.tls, err = s.serverTLS(ctx, cfg, o, count); err != nil {
		return errors.Join(fmt.Errorf("apis.http.tls: %w", err), plain.Close())
	}
	return nil
}

// serverTLS verifies a client certificate wherever one is presented, and demands one where the setting does.
func (s *operators) serverTLS(ctx context.Context, cfg config.Config, o Options, count func(name, reason string)) (*tls.Config, error) {
	t := cfg.APIs.HTTP.TLS
	roots, err := cfg.ClientRoots()
	if err != nil {
		return nil, err
	}
	if s.certificate, err = newCertificate(ctx, t.Server(), o, count); err != nil {
		return nil, err
	}
	settings := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.certificate.get() },
	}
	if roots != "" {
		settings.ClientCAs, settings.ClientAuth = x509.NewCertPool(), tls.VerifyClientCertIfGiven
		settings.ClientCAs.AppendCertsFromPEM([]byte(roots))
	}
	if t.ClientCertificateRequired {
		settings.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return settings, nil
}

// url is the endpoint's address, for people.
func (s *operators) url() string {
	scheme := "http"
	if s.tls != nil {
		scheme = "https"
	}
	return scheme + "://" + s.listener.Addr().String()
}

// run serves until ctx is done, and lets requests under way end.
func (s *operators) run(ctx context.Context, log *slog.Logger) {
	log.Info("operators may connect", "address", s.url())
	var background sync.WaitGroup
	defer background.Wait()
	if s.certificate != nil {
		background.Go(func() { s.certificate.Watch(ctx, certificateInterval) })
	}
	background.Go(func() { <-ctx.Done(); s.shutdown() }) //nolint:contextcheck // ctx is over: what ends has a time limit of its own
	if err := s.serve(); err != nil {
		log.Error("operators are no longer served", "error", err)
	}
}

// serve answers until shutdown. Errors: of the socket.
func (s *operators) serve() error {
	err := error(nil)
	if s.tls != nil {
		err = s.server.ServeTLS(s.listener, "", "")
	} else {
		err = s.server.Serve(s.listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// shutdown lets requests under way end for requestTimeout, and closes what is left.
func (s *operators) shutdown() {
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	if s.server.Shutdown(ctx) != nil {
		_ = s.server.Close()
	}
	_ = s.listener.Close() // where it was never served
	if s.certificate != nil {
		s.certificate.close()
	}
	s.close()
}
