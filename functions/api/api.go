// Package api is the function behind the HTTP API: it tells whether the service is up and ready, and passes everything else
// to the REST API. It is an http.Handler, so that the same runs on Lambda and in a server of one's own.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"dps/shared/dps"
)

// readyTimeout bounds how long the store may take to show that it answers; load balancers wait no longer either.
const readyTimeout = 2 * time.Second

// Store is what the service cannot do without.
type Store interface {
	// Generation is dps.GenerationStore's.
	Generation(ctx context.Context) (uint64, error)
}

// Options of the function.
type Options struct {
	Store Store
	// REST serves what is not about health. nil: there is nothing else, 404.
	REST http.Handler
	Log  *slog.Logger
}

// New makes the function: GET and HEAD of /healthz (the process is up) and /readyz (the store answers).
func New(o Options) http.Handler {
	if o.REST == nil {
		o.REST = http.HandlerFunc(notFound)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", healthz)
	mux.HandleFunc("GET /readyz", o.readyz)
	mux.Handle("/", o.REST)
	return mux
}

func healthz(w http.ResponseWriter, _ *http.Request) { writeState(w, "up") }

func (o Options) readyz(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), readyTimeout)
	defer cancel()
	if _, err := o.Store.Generation(ctx); err != nil {
		o.Log.WarnContext(r.Context(), "not ready: the store does not answer", "code", string(dps.CodeOf(err)), "error", err)
		w.Header().Set("Retry-After", "5")
		writeProblem(w, http.StatusServiceUnavailable, "the store does not answer")
		return
	}
	writeState(w, "ready")
}

func notFound(w http.ResponseWriter, _ *http.Request) {
	writeProblem(w, http.StatusNotFound, "nothing is served under this path")
}
