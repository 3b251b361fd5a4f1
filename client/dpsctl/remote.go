package dpsctl

import (
	"context"
	"net/http"

	"dps/client/dpsctl/api"
	"dps/client/dpsctl/profile"
	"dps/shared/dps"
)

// openAPI reaches the API that the flags, the environment or the profile name, and finds out whose the token is. Errors: CodeInvalid
// where none is named, CodeDenied where nobody is logged in there.
func (s *session) openAPI(ctx context.Context, t target) (*backend, error) {
	where, tokens, err := s.resolve(t)
	if err != nil {
		return nil, err
	}
	web, disconnect, err := api.NewHTTPClient(where.TLS)
	if err != nil {
		return nil, err
	}
	b, err := connect(ctx, where, web, tokens(web))
	if err != nil {
		disconnect()
		return nil, err
	}
	b.close = func() error {
		disconnect()
		return nil
	}
	return b, nil
}

func connect(ctx context.Context, where profile.Context, web *http.Client, tokens tokenSource) (*backend, error) {
	client, err := api.New(api.Options{Server: where.Server, HTTP: web, Token: tokens})
	if err != nil {
		return nil, err
	}
	me, err := client.Me(ctx)
	if err != nil {
		return nil, err
	}
	store := api.Store{Client: client}
	return &backend{store: store, where: client.Server(), remote: &remote{api: store, me: me}}, nil
}

// tokenSource gives access tokens.
type tokenSource func(ctx context.Context) (string, error)

// resolve finds the API and how to get tokens for it: from the environment (for pipelines), or from a context.
func (s *session) resolve(t target) (profile.Context, func(*http.Client) tokenSource, error) {
	if t.server != "" {
		if tokens := s.fromPipeline(t.server); tokens != nil {
			return profile.Context{Server: t.server, TLS: t.tls}, tokens, nil
		}
	}
	p, err := profile.Open(s.getenv)
	if err != nil && count(t.server, t.context) > 0 {
		return profile.Context{}, nil, err
	}
	if err != nil { // nothing is named, and nowhere can anything have been
		return profile.Context{}, nil, errWhich()
	}
	c, err := findContext(p, t)
	if err != nil {
		return profile.Context{}, nil, nameOne(t, err)
	}
	if t.tls != (api.TLS{}) {
		c.TLS = t.tls
	}
	return c, func(web *http.Client) tokenSource { return (&sessionTokens{s, p, c, web}).token }, nil
}

// nameOne says all ways to say which service is meant, where none is named.
func nameOne(t target, err error) error {
	if count(t.server, t.context) > 0 || dps.CodeOf(err) != dps.CodeNotFound {
		return err
	}
	return errWhich()
}

func errWhich() error {
	return dps.Errorf(dps.CodeInvalid, "which service? Name its API (--server URL; dpsctl login URL makes it the default), its configuration (--config FILE), "+
		"its database (--database FILE) or its table (--table NAME)")
}

// findContext gives the context that the flags name, or the one that is logged in to the server that they name.
func findContext(p profile.Profile, t target) (profile.Context, error) {
	if t.server == "" {
		return p.Context(t.context)
	}
	wanted, err := api.ParseServer(t.server)
	if err != nil {
		return profile.Context{}, err
	}
	all, current, err := p.Contexts()
	if err != nil {
		return profile.Context{}, err
	}
	var found []profile.Context
	for _, c := range all {
		if c.Server == wanted.String() {
			if c.Name == current {
				return c, nil
			}
			found = append(found, c)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return profile.Context{}, dps.Errorf(dps.CodeDenied, "nobody is logged in to %s: run dpsctl login %[1]s, or set DPS_TOKEN (an access token), or DPS_CLIENT_ID and DPS_CLIENT_SECRET", wanted)
	}
	return profile.Context{}, dps.Errorf(dps.CodeInvalid, "several contexts are of %s: choose one with --context NAME", wanted)
}
