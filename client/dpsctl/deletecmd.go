package dpsctl

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"dps/shared/dps"
)

// deletion is how an object of a kind goes.
type deletion struct {
	noun, short string
	verb        [2]string                                                                  // before and after it is done
	find        func(ctx context.Context, b *backend, id string) (title string, err error) // CodeNotFound
	remove      func(ctx context.Context, b *backend, id string) error
}

func newDelete(s *session) *cobra.Command {
	verb := [2]string{"delete", "Deleted"}
	return group("delete", "Delete a group, a hub or a record",
		newDeletionOf(s, groups, deletion{"group", "Delete a group: its devices are refused from then on", verb, findGroup, deleteGroup}),
		newDeletionOf(s, hubs, deletion{"hub", "Delete a hub that no group names", verb, findHub, deleteHub}),
		newDeletionOf(s, records, deletion{"record", "Delete a provisioning record, not its audit", verb, findRecord, func(ctx context.Context, b *backend, id string) error {
			return b.store.DeleteRecord(ctx, id)
		}}))
}

// newRelease is the deletion of what binds a device id.
func newRelease(s *session) *cobra.Command {
	cmd := newDeletionOf(s, records, deletion{
		"device", "Let another manufacturer key have a device id, as after a repair", [2]string{"release", "Released"}, findBinding,
		func(ctx context.Context, b *backend, id string) error { return b.store.ReleaseDevice(ctx, id) },
	})
	cmd.Use, cmd.ValidArgsFunction = "release DEVICE-ID", cobra.NoFileCompletions
	return cmd
}

func newDeletionOf[T any](s *session, r resource[T], d deletion) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: d.noun + " ID", Short: d.short, Args: cobra.ExactArgs(1),
		RunE: run(func(ctx context.Context, args []string) error { return s.delete(ctx, d, args[0], yes) }),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return ids(cmd.Context(), s, r, getOptions{}), cobra.ShellCompDirectiveNoFileComp
		},
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func (s *session) delete(ctx context.Context, d deletion, id string, yes bool) (err error) {
	b, err := s.open(ctx, writing)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if u, ok := dps.ParseUUID(id); ok {
		id = u
	}
	title, err := d.find(ctx, b, id)
	if dps.CodeOf(err) == dps.CodeNotFound {
		return dps.Errorf(dps.CodeNotFound, "no %s %q in %s", d.noun, clean(id), b.where)
	}
	if err != nil {
		return err
	}
	if title = clean(title); !yes {
		if err := s.ask("Really " + d.verb[0] + " " + title + " in " + b.where + "?"); err != nil {
			return err
		}
	}
	if err := d.remove(ctx, b, id); err != nil {
		return err
	}
	_, err = fmt.Fprintln(s.Out, d.verb[1]+" "+title+".")
	return err
}
