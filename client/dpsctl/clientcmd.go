package dpsctl

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"dps/client/dpsctl/api"
	"dps/shared/dps"
)

// defaultD2D is where a d2d client is that nobody has configured.
const defaultD2D = "http://127.0.0.1:8080"

// d2dOptions are the flags of the commands below client.
type d2dOptions struct {
	url  string
	form string
}

func newClientCommand(s *session) *cobra.Command {
	var o d2dOptions
	cmd := group("client", "Speak to devices on the local network, through a d2d client",
		newClientStatus(s, &o), newClientInitialize(s, &o), newClientReset(s, &o), newClientDevices(s, &o),
		newClientGet(s, &o), newClientSet(s, &o), newClientOwn(s, &o), newClientDisown(s, &o))
	cmd.Long = `client speaks to a running d2d client: it becomes a member of the security domain in one of three ways, and reaches the devices that
the service has provisioned (docs/client-initialization.md).

Where the d2d client has, or is to have, an identity certificate, it wants a token of its owner: that of dpsctl login.`
	cmd.PersistentFlags().StringVar(&o.url, "client", "", "`URL` of the d2d client (default $DPS_CLIENT_URL, or "+defaultD2D+")")
	return cmd
}

func newClientStatus(s *session, o *d2dOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use: "status", Short: "Show which of the three ways is active, and whose the client is", Args: cobra.NoArgs,
		RunE: run(func(ctx context.Context, _ []string) error {
			return s.withD2D(ctx, o, func(ctx context.Context, d api.D2D) error { return s.clientStatus(ctx, d, o.form) })
		}),
	}
	registerForm(cmd, &o.form)
	return cmd
}

func (s *session) clientStatus(ctx context.Context, d api.D2D, form string) error {
	if err := checkForm(form, forms...); err != nil {
		return err
	}
	status, err := d.Status(ctx)
	if err != nil {
		return err
	}
	out := newPrinter(s.Out, form, true, []column[api.D2DStatus]{
		{"WAY", false, wayInWords},
		{"ID", false, func(s api.D2DStatus) string { return s.SubjectID }},
		{"OWNER", false, func(s api.D2DStatus) string { return s.Owner }},
		{"UNTIL", false, untilInWords},
		{"KEPT IN", true, func(s api.D2DStatus) string { return s.Storage }},
		{"PROBLEM", false, func(s api.D2DStatus) string { return s.Problem }},
	})
	if err := out.page([]api.D2DStatus{status}); err != nil {
		return err
	}
	return out.end()
}

func wayInWords(s api.D2DStatus) string {
	switch s.Way {
	case "preSharedKey":
		return "pre-shared key"
	case "self":
		return "own request"
	case "userAgent":
		return "through a browser"
	case "":
		return "not a member yet"
	default:
		return s.Way
	}
}

func untilInWords(s api.D2DStatus) string {
	if s.Identity == nil {
		return ""
	}
	if until := when(s.Identity.NotAfter); !s.Identity.NeedsToken {
		return until
	}
	return when(s.Identity.NotAfter) + ", log in to renew"
}

func newClientReset(s *session, o *d2dOptions) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "reset", Short: "Have the client forget who it is: key, certificate, devices", Args: cobra.NoArgs,
		RunE: run(func(ctx context.Context, _ []string) error {
			return s.withD2D(ctx, o, func(ctx context.Context, d api.D2D) error {
				if !yes {
					if err := s.ask("Really reset " + d.Server() + "? Devices that know it by a pre-shared key alone will need a factory reset."); err != nil {
						return err
					}
				}
				return s.tell(d.Reset(ctx), "Reset: the client is nobody now.")
			})
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

// withD2D calls f with a d2d client.
func (s *session) withD2D(ctx context.Context, o *d2dOptions, f func(context.Context, api.D2D) error) error {
	address := o.url
	if address == "" {
		address = s.getenv("DPS_CLIENT_URL")
	}
	if address == "" {
		address = defaultD2D
	}
	web, disconnect, err := api.NewHTTPClient(s.target.tls)
	if err != nil {
		return err
	}
	defer disconnect()
	open, err := api.New(api.Options{Server: address, HTTP: web})
	if err != nil {
		return fmt.Errorf("--client: %w", err)
	}
	c, err := api.D2D{Client: open}.Configuration(ctx)
	if err != nil {
		return fmt.Errorf("--client %s: %w: is a d2d client running there?", address, err)
	}
	tokens, end, err := s.tokensFor(c)
	if err != nil {
		return err
	}
	defer end()
	client, err := api.New(api.Options{Server: address, HTTP: web, Token: tokens})
	if err != nil {
		return err
	}
	return f(ctx, api.D2D{Client: client})
}

// tokensFor gives the tokens of whoever is logged in, to a client that is to have a certificate or has one. Another gets none: it has no
// use for it. nil: nobody is logged in, which it may not mind.
func (s *session) tokensFor(c api.D2DConfiguration) (tokens tokenSource, end func(), err error) {
	if c.IsInitialized && c.Authentication != "X509" {
		return nil, func() {}, nil
	}
	where, source, err := s.resolve(s.fromEnvironment(s.target))
	if err != nil {
		if s.target.server != "" || s.target.context != "" {
			return nil, nil, err
		}
		return nil, func() {}, nil
	}
	web, disconnect, err := api.NewHTTPClient(where.TLS)
	if err != nil {
		return nil, nil, err
	}
	return source(web), disconnect, nil
}

// tell says what was done.
func (s *session) tell(err error, format string, args ...any) error {
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.Out, format+"\n", args...)
	return err
}

// readKey reads a pre-shared key of a file, without the line's end.
func readKey(file string) (string, error) {
	if file == "" {
		return "", dps.Errorf(dps.CodeInvalid, "--key-file is missing: name the file that holds the group's pre-shared key, 16 bytes")
	}
	data, err := os.ReadFile(file) //nolint:gosec // the file that the operator names
	if errors.Is(err, os.ErrNotExist) {
		return "", dps.Errorf(dps.CodeNotFound, "--key-file %s is not there", file)
	}
	if err != nil {
		return "", dps.Wrap(dps.CodeInvalid, err, "--key-file "+file+" cannot be read")
	}
	return strings.TrimRight(string(data), "\r\n"), nil
}
