package dpsctl

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"dps/client/dpsctl/profile"
)

func newContexts(s *session) *cobra.Command {
	return group("context", "Manage the APIs that you are logged in to", newContextList(s), newContextUse(s), newContextShow(s), newContextDelete(s))
}

func newContextList(s *session) *cobra.Command {
	var form string
	cmd := &cobra.Command{
		Use: "list", Short: "Show all contexts", Args: cobra.NoArgs,
		RunE: run(func(context.Context, []string) error {
			if err := checkForm(form, forms...); err != nil {
				return err
			}
			p, err := profile.Open(s.getenv)
			if err != nil {
				return err
			}
			all, current, err := p.Contexts()
			if err != nil {
				return err
			}
			out := newPrinter(s.Out, form, false, contextColumns())
			shown := make([]shownContext, len(all))
			for i, c := range all {
				if shown[i], err = show(p, c, current); err != nil {
					return err
				}
			}
			if len(all) == 0 {
				_, _ = fmt.Fprintln(s.Err, "no contexts: dpsctl login SERVER makes one")
			}
			if err := out.page(shown); err != nil {
				return err
			}
			return out.end()
		}),
	}
	registerForm(cmd, &form)
	return cmd
}

func newContextShow(s *session) *cobra.Command {
	var form string
	cmd := &cobra.Command{
		Use: "show [NAME]", Short: "Show a context, the current one without NAME", Args: cobra.MaximumNArgs(1), ValidArgsFunction: s.contextNames,
		RunE: run(func(_ context.Context, args []string) error {
			if err := checkForm(form, forms...); err != nil {
				return err
			}
			p, err := profile.Open(s.getenv)
			if err != nil {
				return err
			}
			c, err := p.Context(strings.Join(args, ""))
			if err != nil {
				return err
			}
			_, current, err := p.Contexts()
			if err != nil {
				return err
			}
			shown, err := show(p, c, current)
			if err != nil {
				return err
			}
			out := newPrinter(s.Out, form, true, contextColumns())
			if err := out.page([]shownContext{shown}); err != nil {
				return err
			}
			return out.end()
		}),
	}
	registerForm(cmd, &form)
	return cmd
}

func newContextUse(s *session) *cobra.Command {
	return &cobra.Command{
		Use: "use NAME", Short: "Make a context the current one", Args: cobra.ExactArgs(1), ValidArgsFunction: s.contextNames,
		RunE: run(func(_ context.Context, args []string) error {
			return s.changeContext(args[0], profile.Profile.Use, "Context %s is in use.\n")
		}),
	}
}

func newContextDelete(s *session) *cobra.Command {
	return &cobra.Command{
		Use: "delete NAME", Short: "Forget a context and its session", Args: cobra.ExactArgs(1), ValidArgsFunction: s.contextNames,
		RunE: run(func(_ context.Context, args []string) error {
			return s.changeContext(args[0], profile.Profile.Delete, "Context %s is forgotten.\n")
		}),
	}
}

func (s *session) changeContext(name string, change func(profile.Profile, string) error, said string) error {
	p, err := profile.Open(s.getenv)
	if err != nil {
		return err
	}
	if err := change(p, name); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.Out, said, name)
	return err
}

// contextNames are for the shell to complete.
func (s *session) contextNames(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	var names []string
	if p, err := profile.Open(s.getenv); err == nil && len(args) == 0 {
		all, _, _ := p.Contexts() // what can be read is offered
		for _, c := range all {
			names = append(names, c.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
