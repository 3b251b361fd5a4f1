package split

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"dps/localstack/lambda"
	"dps/shared/telemetry"
)

// headerTimeout bounds how long a client may take for a request's header.
const headerTimeout = 4 * time.Second

// gateway stands for API Gateway: it passes requests to the api function. The function itself verifies tokens again, so that
// nothing is missing without an authorizer.
type gateway struct {
	server   *http.Server
	listener net.Listener
	done     chan error
}

// openGateway serves on the address. Errors: of the socket, and where there is no such function.
func openGateway(ctx context.Context, h *lambda.Harness, function, address string, log *slog.Logger) (*gateway, error) {
	handler, err := h.Gateway(function, cmp.Or(log, telemetry.Discard()))
	if err != nil {
		return nil, err
	}
	g := &gateway{server: &http.Server{Handler: handler, ReadHeaderTimeout: headerTimeout}, done: make(chan error, 1)}
	if g.listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", address); err != nil {
		return nil, fmt.Errorf("REST API: %w", err)
	}
	go func() { g.done <- g.server.Serve(g.listener) }()
	return g, nil
}

func (g *gateway) url() string { return "http://" + g.listener.Addr().String() }

func (g *gateway) close() error {
	err := g.server.Close()
	if served := <-g.done; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
