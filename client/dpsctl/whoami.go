package dpsctl

import (
	"context"
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"dps/client/dpsctl/api"
	"dps/shared/dps"
)

func newWhoami(s *session) *cobra.Command {
	var form string
	cmd := &cobra.Command{
		Use: "whoami", Short: "Show whose objects you see over the API, and what you may do", Args: cobra.NoArgs,
		Example: "  dpsctl whoami\n  dpsctl whoami --server https://dps.example.com -o json",
		RunE:    run(func(ctx context.Context, _ []string) error { return s.whoami(ctx, form) }),
	}
	registerForm(cmd, &form)
	return cmd
}

func (s *session) whoami(ctx context.Context, form string) (err error) {
	if err := checkForm(form, forms...); err != nil {
		return err
	}
	b, err := s.openRemote(ctx, "whoami")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	out := newPrinter(s.Out, form, true, []column[api.Me]{
		{"OWNER", false, func(m api.Me) string { return m.Owner }},
		{"NAME", false, func(m api.Me) string { return m.Name }},
		{"ACCESS", false, func(m api.Me) string { return m.Access }},
		{"UNTIL", false, func(m api.Me) string { return when(m.Expiry) }},
		{"SERVER", false, func(api.Me) string { return b.where }},
		{"SUBJECT", true, func(m api.Me) string { return m.Subject }},
		{"SCOPES", true, func(m api.Me) string { return strings.Join(m.Scopes, " ") }},
	})
	if err := out.page([]api.Me{b.me}); err != nil {
		return err
	}
	return out.end()
}

// openRemote opens an API for a command that a store has no answer to.
func (s *session) openRemote(ctx context.Context, command string) (*backend, error) {
	if t := s.target; count(t.config, t.database, t.table) > 0 {
		return nil, dps.Errorf(dps.CodeInvalid, "%s asks the API: give --server URL or --context NAME instead of --config, --database or --table", command)
	}
	b, err := s.open(ctx, reading)
	if err == nil && b.remote == nil {
		return nil, errors.Join(dps.Errorf(dps.CodeInvalid, "%s asks the API: give --server URL or --context NAME", command), b.close())
	}
	return b, err
}
