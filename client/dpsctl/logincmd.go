package dpsctl

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"

	"github.com/spf13/cobra"
	"golang.org/x/oauth2"

	"dps/client/dpsctl/api"
	"dps/client/dpsctl/profile"
	"dps/shared/dps"
)

// loginOptions are the flags of login.
type loginOptions struct {
	clientID, secretFile string
	scopes               []string
}

func newLogin(s *session) *cobra.Command {
	var o loginOptions
	cmd := &cobra.Command{
		Use: "login SERVER", Short: "Log in to the service's API", Args: cobra.MaximumNArgs(1),
		Long: `login gets a token for the API of a service, and remembers server and session as a context, which the other commands use from
then on. People log in with any browser: dpsctl shows an address and a code. A program logs in with its OAuth client's id and secret
(--client-id with --client-secret-file, or with DPS_CLIENT_SECRET).

Without SERVER it logs in to the current context again, or to that of --context. Contexts are kept in $XDG_CONFIG_HOME/dps/config.yaml
(~/.config/dps), tokens beside them in credentials.yaml, both for your eyes alone. A pipeline needs no login: it sets DPS_SERVER and
DPS_TOKEN, or DPS_SERVER, DPS_CLIENT_ID and DPS_CLIENT_SECRET.`,
		Example: `  dpsctl login https://dps.example.com
  dpsctl login https://127.0.0.1:9100 --ca root.crt --context laptop
  dpsctl login https://dps.example.com --client-id ci --client-secret-file secret --scope dps:read`,
		RunE: run(func(ctx context.Context, args []string) error { return s.login(ctx, args, o) }),
	}
	f := cmd.Flags()
	f.StringVar(&o.clientID, "client-id", "", "`ID` of the OAuth client (default the one that the API names for dpsctl)")
	f.StringVar(&o.secretFile, "client-secret-file", "", "`FILE` that holds the OAuth client's secret, of a program")
	f.StringArrayVar(&o.scopes, "scope", nil, "`SCOPE` to ask for instead of those that the API names; may be given several times")
	return cmd
}

func (s *session) login(ctx context.Context, args []string, o loginOptions) error {
	p, err := profile.Open(s.getenv)
	if err != nil {
		return err
	}
	c, err := s.newContext(p, args, o)
	if err != nil {
		return err
	}
	web, disconnect, err := api.NewHTTPClient(c.TLS)
	if err != nil {
		return err
	}
	defer disconnect()
	ctx, stop := s.interruptible(ctx)
	defer stop()
	token, err := s.logIn(ctx, &c, web, o)
	if err != nil {
		return err
	}
	b, err := connect(ctx, c, web, func(context.Context) (string, error) { return token.AccessToken, nil })
	if err != nil {
		return err
	}
	if err := p.LoggedIn(c, sessionOf(token, "")); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.Out, "Logged in to %s as owner %s with %s access; context %s is in use.\n", b.where, clean(b.me.Owner), clean(b.me.Access), c.Name)
	return err
}

// newContext is the context to be: of the server named, or the one there is, again.
func (s *session) newContext(p profile.Profile, args []string, o loginOptions) (profile.Context, error) {
	address, files := s.target.server, absolute(s.target.tls)
	if len(args) == 1 {
		address = args[0]
	}
	if address == "" {
		address = s.getenv("DPS_SERVER")
	}
	c := profile.Context{Name: s.target.context}
	if address == "" {
		old, err := p.Context(c.Name)
		if err != nil {
			return c, dps.Errorf(dps.CodeOf(err), "log in where? Name the server: dpsctl login https://HOST (%w)", err)
		}
		c, address = old, old.Server
	}
	u, err := api.ParseServer(address)
	if err != nil {
		return c, err
	}
	if c.Server = u.String(); c.Name == "" {
		c.Name = profile.DefaultName(u.Host)
	}
	if files != (api.TLS{}) {
		c.TLS = files
	}
	if o.secretFile != "" {
		c.ClientSecretFile = absolutePath(o.secretFile)
	}
	return c, profile.CheckName(c.Name)
}

// absolute makes the files' names good in every folder.
func absolute(t api.TLS) api.TLS {
	return api.TLS{CA: absolutePath(t.CA), Cert: absolutePath(t.Cert), Key: absolutePath(t.Key)}
}

func absolutePath(path string) string {
	if abs, err := filepath.Abs(path); err == nil && path != "" {
		return abs
	}
	return path
}

// logIn gets the token, and notes in the context how.
func (s *session) logIn(ctx context.Context, c *profile.Context, web *http.Client, o loginOptions) (*oauth2.Token, error) {
	client, err := discover(ctx, web, c.Server)
	if err != nil {
		return nil, err
	}
	again := c.ClientID != ""
	switch {
	case o.clientID != "":
		client.ID, again = o.clientID, false
	case again:
		client.ID, client.Scopes = c.ClientID, c.Scopes
	case client.ID == "":
		return nil, dps.Errorf(dps.CodeInvalid, "%s names no OAuth client for dpsctl: give --client-id, or set apis.http.authorization.cliClientID there", c.Server)
	}
	c.Program = c.Program && again || o.secretFile != "" || o.clientID != "" && s.getenv("DPS_CLIENT_SECRET") != ""
	switch {
	case len(o.scopes) > 0:
		client.Scopes = o.scopes
	case c.Program && !again: // those that the API names are for people; a program gets what its client has
		client.Scopes = nil
	}
	c.Authority, c.Audience, c.Scopes, c.ClientID = client.Provider.Issuer, client.Audience, client.Scopes, client.ID
	if !c.Program {
		return client.Person(ctx, s.showCode)
	}
	if client.Secret, err = s.clientSecret(c.ClientSecretFile); err != nil {
		return nil, err
	}
	return client.Program(ctx)
}

// showCode says what a person has to do.
func (s *session) showCode(page, code string) error {
	_, err := fmt.Fprintf(s.Err, "Open %s\nand confirm the code %s there. Waiting ...\n", clean(page), clean(code))
	return err
}
