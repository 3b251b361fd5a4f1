// Package rest is the operators' REST API (PROTOCOL §8): enrollment groups, hubs and provisioning records, in the dialect of
// plgd's own clients and in one for new clients, and what only new clients know (docs/adr/0007).
//
//	request ─▶ guard (panics, paths, headers) ─▶ route ─▶ bearer token ─▶ scope ─▶ handler ─▶ answer in the client's dialect
//
// Everything is scoped to the token's owner: what belongs to somebody else does not exist. No answer holds a secret.
package rest

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"dps/shared/bearer"
	"dps/shared/contract"
	"dps/shared/dps"
)

// Verifier tells who sends a request. *bearer.Verifier is one.
type Verifier interface {
	// Verify takes the value of an Authorization header. Errors: bearer.ErrNone, CodeDenied, CodeUnavailable.
	Verify(ctx context.Context, header string) (bearer.Caller, error)
}

// Options of the API. Store, Secrets and Verifier are needed.
type Options struct {
	Store    dps.Store
	Secrets  dps.SecretWriter // never read from here
	Verifier Verifier
	// Owner has CSRs of people signed, and hubs tried. nil: such a request is answered that it cannot be.
	Owner contract.OwnerFunctions

	// Candidates finds the groups that could let a device in. nil: no device is diagnosed.
	Candidates Candidates

	Log     *slog.Logger     // nil: nowhere
	Now     func() time.Time // nil: time.Now
	Version string           // of the program, for /api/v1/version

	// ProofOfPossession has a new group's devices refused until somebody proves to hold the key of its lead certificate.
	ProofOfPossession bool
	// AllowedOrigins are origins whose web pages may call the API.
	AllowedOrigins []string
	// Login is what /api/v1/login answers.
	Login Login
	// Ready tells whether the service can serve. nil: whether the store answers.
	Ready func(ctx context.Context) error
}

// api is the handler. It starts nothing that would have to be closed.
type api struct {
	Options
	routes []route
	spec   []byte // the OpenAPI document
	counts counts
}

// New makes the API. It serves every path under /, and under Prefix.
func New(o Options) http.Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Ready == nil {
		o.Ready = func(ctx context.Context) error {
			_, err := o.Store.Generation(ctx)
			return err
		}
	}
	a := &api{Options: o, counts: newCounts()}
	a.routes = a.table()
	a.spec = describe(a.routes, o.Version)
	return a.guard(a.mux())
}
