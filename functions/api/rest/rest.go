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

	"dps/functions/sign"
	"dps/shared/bearer"
	"dps/shared/dps"
)

// Verifier tells who sends a request. *bearer.Verifier is one.
type Verifier interface {
	// Verify takes the value of an Authorization header. Errors: bearer.ErrNone, CodeDenied, CodeUnavailable.
	Verify(ctx context.Context, header string) (bearer.Caller, error)
}

// Options of the API. Store, Secrets, SecretWriter and Verifier are needed.
type Options struct {
	Store        dps.Store
	Secrets      dps.Secrets // reads what a failed change must put back
	SecretWriter dps.SecretWriter
	Verifier     Verifier

	Tokens      sign.Tokens      // with Authorities: who signs identity-csr; nil: it answers that it cannot
	Authorities sign.Authorities // see Tokens

	Log     *slog.Logger     // nil: nowhere
	Now     func() time.Time // nil: time.Now
	Version string           // of the program, for /api/v1/version

	// ProofOfPossession has a new group's devices refused until somebody proves to hold the key of its lead certificate.
	ProofOfPossession bool
	// Ready tells whether the service can serve. nil: whether the store answers.
	Ready func(ctx context.Context) error
	// Count is told of calls of the certificate authority, as in sign.Options. nil: nobody.
	Count func(name, reason string)
}

// api is the handler. It starts nothing that would have to be closed.
type api struct {
	Options
	routes []route
	people *sign.People // nil: there is nobody who signs
	spec   []byte       // the OpenAPI document
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
	a := &api{Options: o}
	if o.Tokens != nil && o.Authorities != nil {
		a.people = sign.NewPeople(sign.New(o.Store, o.Tokens, o.Authorities, o.Secrets, o.Now, sign.Options{Count: o.Count}), o.Store)
	}
	a.routes = a.table()
	a.spec = describe(a.routes, o.Version)
	return a.guard(a.mux())
}
