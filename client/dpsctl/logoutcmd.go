package dpsctl

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"dps/client/dpsctl/profile"
)

func newLogout(s *session) *cobra.Command {
	return &cobra.Command{
		Use: "logout", Short: "Forget the session of a context", Args: cobra.NoArgs,
		Long:    "logout forgets the tokens of the current context, or of that of --context. The context stays: dpsctl login logs in to it again.",
		Example: "  dpsctl logout\n  dpsctl logout --context laptop",
		RunE: run(func(context.Context, []string) error {
			p, err := profile.Open(s.getenv)
			if err != nil {
				return err
			}
			c, err := p.Context(s.contextName())
			if err != nil {
				return err
			}
			if err := p.LogOut(c.Name); err != nil {
				return err
			}
			_, err = fmt.Fprintf(s.Out, "Logged out of %s (context %s).\n", c.Server, c.Name)
			return err
		}),
	}
}

// contextName is the context that flag or environment name; "" is the current one.
func (s *session) contextName() string {
	if s.target.context != "" {
		return s.target.context
	}
	return s.getenv("DPS_CONTEXT")
}
