package ingress

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"dps/shared/contract"
	"dps/shared/dps"
)

const (
	// readinessPause is how long the service goes on taking devices after it has said that it is no longer ready: load
	// balancers ask every few seconds.
	readinessPause = 4 * time.Second
	// unhealthyAfter is how long the enroll function may have failed before the service says that it is not ready.
	unhealthyAfter = 30 * time.Second
	healthTimeout  = 2 * time.Second
)

// health answers a load balancer, and an orchestrator.
type health struct {
	server   *http.Server
	listener net.Listener
	draining atomic.Bool
	checks   []func() error
}

// newHealth listens on the address; "" is no endpoint. scrapes answers Prometheus; nil: nobody does. Errors: of the socket.
func newHealth(ctx context.Context, address string, scrapes http.Handler, checks ...func() error) (*health, error) {
	h := &health{checks: checks}
	if address == "" {
		return h, nil
	}
	var err error
	if h.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", address); err != nil {
		return nil, fmt.Errorf("apis.health.address: %w", err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { answer(w, nil) })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) { answer(w, h.ready()) })
	if scrapes != nil {
		mux.Handle("GET /metrics", scrapes)
	}
	h.server = &http.Server{Handler: mux, ReadTimeout: healthTimeout, WriteTimeout: healthTimeout, IdleTimeout: time.Minute}
	return h, nil
}

// ready says what keeps devices from being served. Errors: CodeUnavailable.
func (h *health) ready() error {
	if h.draining.Load() {
		return dps.Errorf(dps.CodeUnavailable, "draining")
	}
	for _, check := range h.checks {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func answer(w http.ResponseWriter, err error) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	if err != nil {
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = fmt.Fprintln(w, dps.AsError(err).Message)
		return
	}
	_, _ = fmt.Fprintln(w, "ok")
}

// serve answers until Close. Errors: of the socket.
func (h *health) serve() error {
	if h.server == nil {
		return nil
	}
	if err := h.server.Serve(h.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// drain says no from now on, and waits until load balancers have heard it.
func (h *health) drain(pause time.Duration) {
	h.draining.Store(true)
	if h.server != nil {
		time.Sleep(pause)
	}
}

func (h *health) close() {
	if h.server != nil {
		_ = h.server.Close()
		_ = h.listener.Close() // where it was never served
	}
}

// watchedFunctions are functions whose enroll calls tell whether devices can be let in at all.
type watchedFunctions struct {
	contract.Functions
	now      func() time.Time
	failedAt atomic.Pointer[time.Time] // since when it has failed; nil: it has not
}

// Enroll calls on.
func (w *watchedFunctions) Enroll(ctx context.Context, req contract.EnrollRequest) (contract.EnrollReply, error) {
	reply, err := w.Functions.Enroll(ctx, req)
	switch {
	case err == nil:
		w.failedAt.Store(nil)
	case ctx.Err() == nil:
		now := w.now()
		w.failedAt.CompareAndSwap(nil, &now)
	}
	return reply, err
}

// check tells whether the enroll function has failed for long.
func (w *watchedFunctions) check() error {
	if at := w.failedAt.Load(); at != nil && w.now().Sub(*at) > unhealthyAfter {
		return dps.Errorf(dps.CodeUnavailable, "the enroll function has failed since %s", at.UTC().Format(time.RFC3339))
	}
	return nil
}

// askHealth asks the service at the address whether it is alive: the check of a container that has no shell. Errors: that it
// is not.
func askHealth(ctx context.Context, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil || port == "" {
		return errors.New("--healthcheck needs apis.health.address, such as :8080")
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/healthz", http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("health is %s", resp.Status)
	}
	return nil
}
