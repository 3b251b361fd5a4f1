package dpsctl

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"dps/shared/dps"
)

func newGroup(s *session) *cobra.Command {
	prove := newGroupChange(s, "prove ID --certificate FILE", "Prove that you hold the key of a pending group's lead certificate")
	file := prove.Flags().String("certificate", "", "`FILE` of the certificate, in PEM format: issued by the group's lead certificate, with the challenge as common name")
	_ = prove.MarkFlagRequired("certificate") // only a name that is no flag is an error
	prove.Long = "prove shows the service a certificate that the group's lead certificate has issued with the group's challenge as common name.\n" +
		"dpsctl get groups ID -o wide shows the challenge. A store (--config, --database, --table) takes nobody's word but yours: vouch there."
	prove.RunE = s.change(func(ctx context.Context, b *backend, id string) (string, error) { return proveGroup(ctx, b, id, *file) })
	enable := newGroupChange(s, "enable ID", "Let a group's devices in again")
	enable.RunE = s.change(func(ctx context.Context, b *backend, id string) (string, error) {
		return setDisabled(ctx, b, id, false)
	})
	disable := newGroupChange(s, "disable ID", "Refuse a group's devices")
	disable.RunE = s.change(func(ctx context.Context, b *backend, id string) (string, error) { return setDisabled(ctx, b, id, true) })
	vouch := newGroupChange(s, "vouch ID", "Let a pending group's devices in on your word")
	vouch.Long = "vouch is for an administrator who knows whose the group's lead certificate is. Over the API it takes the scope dps:admin."
	vouch.RunE = s.change(vouchFor)
	return group("group", "Change a group's state", enable, disable, prove, vouch)
}

func newGroupChange(s *session, use, short string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(1),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return ids(cmd.Context(), s, groups, getOptions{}), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

// change runs a command on the object that its argument names, and prints what it says.
func (s *session) change(do func(ctx context.Context, b *backend, id string) (string, error)) func(*cobra.Command, []string) error {
	return run(func(ctx context.Context, args []string) (err error) {
		b, err := s.open(ctx, writing)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, b.close()) }()
		id := args[0]
		if u, ok := dps.ParseUUID(id); ok {
			id = u
		}
		said, err := do(ctx, b, id)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(s.Out, clean(said))
		return err
	})
}

// groupOf gives the group, or an error that names where it is not.
func groupOf(ctx context.Context, b *backend, id string) (dps.EnrollmentGroup, error) {
	g, err := b.store.Group(ctx, id)
	if dps.CodeOf(err) == dps.CodeNotFound {
		return g, dps.Errorf(dps.CodeNotFound, "no group %q in %s", clean(id), b.where)
	}
	return g, err
}

func setDisabled(ctx context.Context, b *backend, id string, disabled bool) (string, error) {
	g, err := groupOf(ctx, b, id)
	if err != nil {
		return "", err
	}
	if g.Disabled != disabled {
		g.Disabled = disabled
		if g, err = b.store.PutGroup(ctx, g); err != nil {
			return "", err
		}
	}
	return stateText(g), nil
}

// vouchFor lets the group in: over the API the server asks for the scope; who may write a store may vouch.
func vouchFor(ctx context.Context, b *backend, id string) (string, error) {
	g, err := groupOf(ctx, b, id)
	if err != nil {
		return "", err
	}
	switch {
	case g.Challenge == "":
	case b.remote != nil:
		g, err = b.api.Vouch(ctx, id)
	default:
		g.Challenge = ""
		g, err = b.store.PutGroup(ctx, g)
	}
	return stateText(g), err
}

func proveGroup(ctx context.Context, b *backend, id, file string) (string, error) {
	if b.remote == nil {
		return "", dps.Errorf(dps.CodeInvalid, "group prove asks the API: who may write %s can vouch: dpsctl group vouch %s", b.where, id)
	}
	certificate, err := os.ReadFile(file) //nolint:gosec // the file that the operator names
	if err != nil {
		return "", dps.Wrap(dps.CodeInvalid, err, "--certificate "+file+" cannot be read")
	}
	if _, err := dps.ParseCertificatesPEM(certificate, 1); err != nil {
		return "", dps.Errorf(dps.CodeInvalid, "--certificate %s: %w", file, err)
	}
	g, err := b.api.Prove(ctx, id, certificate)
	return stateText(g), err
}

func stateText(g dps.EnrollmentGroup) string {
	switch groupState(g) {
	case "disabled":
		return "Group " + g.ID + " is disabled: its devices are refused."
	case "pending":
		return "Group " + g.ID + " is pending: its devices are refused until somebody proves to hold the key of its lead certificate (challenge " + g.Challenge + ")."
	}
	return "Group " + g.ID + " is open: its devices are let in."
}
