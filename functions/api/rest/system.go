package rest

import (
	"context"
	"runtime"
	"time"

	"dps/shared/dps"
)

const readyTimeout = 2 * time.Second // load balancers wait no longer either

// Health tells that the service is up, or ready.
type Health struct {
	Status string `json:"status"`
}

// Build is what runs here.
type Build struct {
	Version string `json:"version"`
	Go      string `json:"go"`
}

// Me is who bears the token.
type Me struct {
	Owner   string   `json:"owner"`
	Subject string   `json:"subject"`
	Name    string   `json:"name"`
	Scopes  []string `json:"scopes" doc:"Of the token."`
	Access  string   `json:"access" enum:"none,read,write,admin" doc:"What the token allows here; each includes the lesser."`
	Expiry  string   `json:"expiry" doc:"RFC 3339."`
}

func (a *api) healthz(*exchange) (answer, error) { return answer{object: Health{"up"}}, nil }

func (a *api) readyz(x *exchange) (answer, error) {
	ctx, cancel := context.WithTimeout(x.ctx(), readyTimeout)
	defer cancel()
	if err := a.Ready(ctx); err != nil {
		return answer{}, dps.Wrap(dps.CodeUnavailable, err, "not ready: a part that the service needs does not answer")
	}
	return answer{object: Health{"ready"}}, nil
}

func (a *api) version(*exchange) (answer, error) {
	return answer{object: Build{Version: a.Version, Go: runtime.Version()}}, nil
}

func (a *api) openAPI(*exchange) (answer, error) { return answer{raw: a.spec}, nil }

func (a *api) me(x *exchange) (answer, error) {
	c := x.caller
	return answer{object: Me{
		Owner: c.Owner, Subject: c.Subject, Name: c.Name, Scopes: c.Scopes, Expiry: stamp(c.Expiry),
		Access: [...]string{"none", "read", "write", "admin"}[granted(c)],
	}}, nil
}
