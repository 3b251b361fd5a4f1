package dpsctl

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"

	"dps/client/dpsctl/api"
	"dps/client/dpsctl/login"
	"dps/client/dpsctl/profile"
	"dps/shared/dps"
)

// early is how long before its end a token is replaced: one request must not outlive it.
const early = 30 * time.Second

// fromPipeline gives tokens for a server that is named, by what the environment holds: DPS_TOKEN, or DPS_CLIENT_ID and
// DPS_CLIENT_SECRET. nil: it holds neither.
func (s *session) fromPipeline(server string) func(*http.Client) tokenSource {
	if token := strings.TrimSpace(s.getenv("DPS_TOKEN")); token != "" {
		return func(*http.Client) tokenSource {
			return func(context.Context) (string, error) { return token, nil }
		}
	}
	id, secret := s.getenv("DPS_CLIENT_ID"), s.getenv("DPS_CLIENT_SECRET")
	if id == "" || secret == "" {
		return nil
	}
	return func(web *http.Client) tokenSource {
		var mu sync.Mutex
		var token *oauth2.Token
		return func(ctx context.Context) (string, error) {
			mu.Lock()
			defer mu.Unlock()
			if fresh(token) {
				return token.AccessToken, nil
			}
			c, err := discover(ctx, web, server)
			if err != nil {
				return "", err
			}
			c.ID, c.Secret, c.Scopes = id, secret, nil // the client has its own
			if token, err = c.Program(ctx); err != nil {
				return "", err
			}
			return token.AccessToken, nil
		}
	}
}

func fresh(t *oauth2.Token) bool {
	return t != nil && t.AccessToken != "" && (t.Expiry.IsZero() || time.Until(t.Expiry) > early)
}

// discover asks an API how to log in there, and its OAuth server for its endpoints.
func discover(ctx context.Context, web *http.Client, server string) (login.Client, error) {
	c, err := api.New(api.Options{Server: server, HTTP: web})
	if err != nil {
		return login.Client{}, err
	}
	how, err := c.Login(ctx)
	if err != nil {
		return login.Client{}, err
	}
	provider, err := login.Discover(ctx, web, how.Authority)
	return login.Client{HTTP: web, Provider: provider, ID: how.CLIClientID, Scopes: how.Scopes, Audience: how.Audience}, err
}

// sessionTokens are the tokens of a context's session, and new ones while it lasts.
type sessionTokens struct {
	s       *session
	profile profile.Profile
	context profile.Context
	web     *http.Client
}

func (t *sessionTokens) token(ctx context.Context) (string, error) {
	kept, ok, err := t.profile.Session(t.context.Name)
	if err != nil {
		return "", err
	}
	if fresh(&oauth2.Token{AccessToken: kept.AccessToken, Expiry: kept.Expiry}) {
		return kept.AccessToken, nil
	}
	again, err := t.again(ctx, kept, ok)
	if err != nil {
		return "", err
	}
	return again.AccessToken, t.profile.SetSession(t.context.Name, sessionOf(again, kept.RefreshToken))
}

// sessionOf is a token as the profile keeps it. A server that gives no new refresh token lets the old one be used again.
func sessionOf(t *oauth2.Token, refresh string) profile.Session {
	if t.RefreshToken != "" {
		refresh = t.RefreshToken
	}
	return profile.Session{AccessToken: t.AccessToken, RefreshToken: refresh, Expiry: t.Expiry}
}

// again gets a new token without asking a person. Errors: CodeDenied, with the remedy, where only a person can.
func (t *sessionTokens) again(ctx context.Context, kept profile.Session, loggedIn bool) (*oauth2.Token, error) {
	ended := dps.Errorf(dps.CodeDenied, "your session at %s has ended: run dpsctl login %[1]s --context %s", t.context.Server, t.context.Name)
	c, err := t.client(ctx)
	if err != nil {
		return nil, dps.Errorf(dps.CodeOf(err), "a new token for your session at %s: %w; if its OAuth server has moved, run dpsctl login --context %s", t.context.Server, err, t.context.Name)
	}
	if t.context.Program {
		if c.Secret, err = t.s.clientSecret(t.context.ClientSecretFile); err != nil || !loggedIn {
			return nil, ended
		}
		return c.Program(ctx)
	}
	if kept.RefreshToken == "" {
		return nil, ended
	}
	again, err := c.Refresh(ctx, kept.RefreshToken)
	if dps.CodeOf(err) == dps.CodeDenied {
		return nil, ended
	}
	return again, err
}

// client is the OAuth client as it was at log-in: an API that names another OAuth server since does not get the session's secrets
// sent there.
func (t *sessionTokens) client(ctx context.Context) (login.Client, error) {
	provider, err := login.Discover(ctx, t.web, t.context.Authority)
	return login.Client{HTTP: t.web, Provider: provider, ID: t.context.ClientID, Scopes: t.context.Scopes, Audience: t.context.Audience}, err
}

// clientSecret reads a program's secret from its file, or from the environment.
func (s *session) clientSecret(file string) (string, error) {
	if file == "" {
		if secret := s.getenv("DPS_CLIENT_SECRET"); secret != "" {
			return secret, nil
		}
		return "", dps.Errorf(dps.CodeInvalid, "the program's secret is missing: name its file with --client-secret-file, or set DPS_CLIENT_SECRET")
	}
	data, err := os.ReadFile(file) //nolint:gosec // the file that the operator names
	if err != nil {
		return "", dps.Wrap(dps.CodeInvalid, err, "--client-secret-file "+file+" cannot be read")
	}
	secret := string(bytes.TrimRight(data, "\r\n"))
	if secret == "" {
		return "", dps.Errorf(dps.CodeInvalid, "--client-secret-file %s is empty", file)
	}
	return secret, nil
}
