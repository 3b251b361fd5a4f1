package dpsctl

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strconv"

	"github.com/spf13/cobra"

	"dps/client/dpsctl/api"
	"dps/shared/dps"
)

// total is the name of the line that counts all groups.
const total = "all"

func tallyColumns() []column[api.Tally] {
	return []column[api.Tally]{
		{"GROUP", false, func(t api.Tally) string { return t.Name }},
		{"OK", false, func(t api.Tally) string { return strconv.Itoa(t.OK) }},
		{"FAILED", false, func(t api.Tally) string { return strconv.Itoa(t.Failed) }},
		{"PENDING", false, func(t api.Tally) string { return strconv.Itoa(t.Pending) }},
	}
}

func newStatistics(s *session) *cobra.Command {
	var form string
	var owners []string
	cmd := &cobra.Command{
		Use: "statistics", Short: "Count devices by state and group", Args: cobra.NoArgs,
		Long: "statistics counts records: ok, where every step was done; failed, where the last result of a step is an error; pending, where neither\n" +
			"is so. Records are counted by reading them.",
		RunE: run(func(ctx context.Context, _ []string) error { return s.statistics(ctx, form, owners) }),
	}
	registerForm(cmd, &form)
	cmd.Flags().StringArrayVar(&owners, "owner", nil, "`OWNER` whose records are counted; may be given several times")
	return cmd
}

func (s *session) statistics(ctx context.Context, form string, owners []string) (err error) {
	if err := checkForm(form, forms...); err != nil {
		return err
	}
	ctx, stop := s.interruptible(ctx)
	defer stop()
	b, err := s.open(ctx, reading)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if owners, err = b.allOwners(ctx, owners); err != nil {
		return err
	}
	c := counts{}
	if b.remote != nil {
		err = c.ask(ctx, b.api)
	} else {
		err = c.read(ctx, b.store, owners)
	}
	if err != nil {
		return err
	}
	out := newPrinter(s.Out, form, false, tallyColumns())
	if err := out.page(c.lines()); err != nil {
		return err
	}
	return out.end()
}

// counts are tallies by group.
type counts map[string]api.Tally

// ask takes what an API has counted.
func (c counts) ask(ctx context.Context, from api.Store) error {
	s, err := from.Statistics(ctx)
	for _, t := range s.Groups {
		c[t.Name] = t
	}
	return err
}

// read counts the owners' records.
func (c counts) read(ctx context.Context, s store, owners []string) error {
	return pages(ctx, owners, s.ListRecords, func(page []dps.Record) (bool, error) {
		for _, r := range page {
			t := c[r.GroupID]
			t.Name = r.GroupID
			switch r.State() {
			case dps.RecordOK:
				t.OK++
			case dps.RecordFailed:
				t.Failed++
			default:
				t.Pending++
			}
			c[r.GroupID] = t
		}
		return true, nil
	})
}

// lines are the tallies by group, and of all.
func (c counts) lines() []api.Tally {
	all := slices.SortedFunc(maps.Values(c), func(a, b api.Tally) int { return cmp.Compare(a.Name, b.Name) })
	sum := api.Tally{Name: total}
	for _, t := range all {
		sum.OK, sum.Failed, sum.Pending = sum.OK+t.OK, sum.Failed+t.Failed, sum.Pending+t.Pending
	}
	return append(all, sum)
}
