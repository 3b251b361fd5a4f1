package dpsctl

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"dps/shared/dps"
)

// minInterval is how often at most records are listed again: each time costs a query per owner and shard.
const minInterval = time.Second

// watchOptions are the flags of records watch.
type watchOptions struct {
	form     string
	owners   []string
	interval time.Duration
}

func newRecords(s *session) *cobra.Command {
	return group("records", "Follow what happens to devices", newWatch(s))
}

func newWatch(s *session) *cobra.Command {
	var o watchOptions
	cmd := &cobra.Command{
		Use: "watch", Short: "Show each step of each device as it is recorded", Args: cobra.NoArgs,
		Long: `watch shows each step that a device takes from now on, one a line, until it is interrupted. Records are listed anew every
--interval, so a step that is repeated meanwhile shows once, with its latest result.

It follows the API (--server, --context) or the cloud's store (--table). A database file is used by one process at a time, so nothing could happen in it meanwhile.`,
		Example: `  dpsctl records watch
  dpsctl records watch --table dps
  dpsctl records watch --table dps --owner 1 -o json | jq 'select(.errorMessage)'`,
		RunE: run(func(ctx context.Context, _ []string) error { return s.watch(ctx, o) }),
	}
	cmd.Flags().StringVarP(&o.form, "output", "o", formTable, "`FORM` of the output: table, or json, one object a line")
	cmd.Flags().StringArrayVar(&o.owners, "owner", nil, "`OWNER` whose devices are followed; may be given several times")
	cmd.Flags().DurationVar(&o.interval, "interval", 5*time.Second, "`TIME` between two looks, at least 1s; each is a query per owner and shard of the table")
	return cmd
}

func (s *session) watch(ctx context.Context, o watchOptions) (err error) {
	if err := checkForm(o.form, formTable, formJSON); err != nil {
		return err
	}
	if o.interval < minInterval {
		return dps.Errorf(dps.CodeInvalid, "--interval %s: write at least %s", o.interval, minInterval)
	}
	ctx, stop := s.interruptible(ctx)
	defer stop()
	b, err := s.open(ctx, reading)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if b.direct != nil && b.exclusive {
		return dps.Errorf(dps.CodeInvalid, "%s is a database file, in which nothing happens while dpsctl has it open: follow the service's API instead (--server URL)", b.where)
	}
	owners, err := b.allOwners(ctx, o.owners)
	if err != nil {
		return err
	}
	w := watcher{list: b.store.ListRecords, owners: owners, show: newLines(s.Out, o.form).show, warn: s.warn}
	return w.run(ctx, o.interval)
}
