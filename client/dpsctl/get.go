package dpsctl

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"dps/shared/dps"
)

// resource is a kind of objects that can be shown.
type resource[T any] struct {
	singular, plural string
	example          string
	columns          []column[T]
	get              func(ctx context.Context, s store, id string) (T, error) // CodeNotFound
	list             func(s store, f filter) listing[T]
	filters          func(*cobra.Command, *filter) // nil: there are none
	id, owner        func(T) string
	shown            func(T) T // without what may be a secret by mistake
}

// listing gives what an owner has, page by page.
type listing[T any] func(ctx context.Context, owner string, p dps.Page) ([]T, string, error)

// getOptions are the flags of get.
type getOptions struct {
	form   string
	owners []string
	limit  int
	filter filter
}

func newGet(s *session) *cobra.Command {
	return group("get", "Show groups, hubs and records", newGetOf(s, groups), newGetOf(s, hubs), newGetOf(s, records))
}

func newGetOf[T any](s *session, r resource[T]) *cobra.Command {
	var o getOptions
	cmd := &cobra.Command{
		Use: r.plural + " [ID]", Aliases: []string{r.singular}, Short: "Show " + r.plural, Args: cobra.MaximumNArgs(1), Example: r.example,
		Long: "Shows one " + r.singular + ", or all, ordered by owner and id. Without --owner: of the owners of all groups that a configuration file\n" +
			"or dpsctl apply has brought to the service.",
		RunE: run(func(ctx context.Context, args []string) error { return get(ctx, s, r, args, o) }),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 0 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return ids(cmd.Context(), s, r, o), cobra.ShellCompDirectiveNoFileComp
		},
	}
	registerForm(cmd, &o.form)
	cmd.Flags().StringArrayVar(&o.owners, "owner", nil, "`OWNER` whose "+r.plural+" are shown; may be given several times")
	if r.filters != nil {
		r.filters(cmd, &o.filter)
	}
	cmd.Flags().IntVar(&o.limit, "limit", 0, "show at most `N`; 0 is all")
	return cmd
}

func get[T any](ctx context.Context, s *session, r resource[T], args []string, o getOptions) (err error) {
	if err := checkForm(o.form, forms...); err != nil {
		return err
	}
	if o.limit < 0 {
		return dps.Errorf(dps.CodeInvalid, "--limit %d: write 0, for all, or more", o.limit)
	}
	if err := o.filter.check(); err != nil {
		return err
	}
	ctx, stop := s.interruptible(ctx)
	defer stop()
	b, err := s.open(ctx, reading)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if len(args) == 1 {
		return getOne(ctx, s, b, r, args[0], o)
	}
	return getAll(ctx, s, b, r, o)
}

// getOne shows one object. That of an owner who was not asked for counts as missing.
func getOne[T any](ctx context.Context, s *session, b *backend, r resource[T], id string, o getOptions) error {
	if u, ok := dps.ParseUUID(id); ok {
		id = u
	}
	v, err := r.get(ctx, b.store, id)
	if dps.CodeOf(err) == dps.CodeNotFound || err == nil && len(o.owners) > 0 && !slices.Contains(o.owners, r.owner(v)) {
		return dps.Errorf(dps.CodeNotFound, "no %s %q in %s", r.singular, clean(id), b.where)
	}
	if err != nil {
		return err
	}
	p := newPrinter(s.Out, o.form, true, r.columns)
	if err := p.page([]T{r.shown(v)}); err != nil {
		return err
	}
	return p.end()
}

// getAll shows what the owners have, as it is read.
func getAll[T any](ctx context.Context, s *session, b *backend, r resource[T], o getOptions) error {
	owners, err := b.allOwners(ctx, o.owners)
	if err != nil {
		return err
	}
	p, n := newPrinter(s.Out, o.form, false, r.columns), 0
	err = pages(ctx, owners, r.list(b.store, o.filter), func(page []T) (bool, error) {
		if o.limit > 0 {
			page = page[:min(len(page), o.limit-n)]
		}
		n += len(page)
		shown := make([]T, len(page))
		for i, v := range page {
			shown[i] = r.shown(v)
		}
		return o.limit == 0 || n < o.limit, p.page(shown)
	})
	if err != nil {
		return err
	}
	if n == 0 {
		_, _ = fmt.Fprintf(s.Err, "no %s of %s in %s\n", r.plural, people(owners), b.where)
	}
	return p.end()
}

// pages visits all that the owners have, page by page, until visit gives false.
func pages[T any](ctx context.Context, owners []string, list listing[T], visit func([]T) (more bool, err error)) error {
	for _, owner := range owners {
		for token := ""; ; {
			page, next, err := list(ctx, owner, dps.Page{Token: token})
			if err != nil {
				return err
			}
			if more, err := visit(page); err != nil || !more {
				return err
			}
			if next == "" {
				break
			}
			token = next
		}
	}
	return nil
}

// maxCompletions bounds how many ids the shell offers.
const maxCompletions = 100

// ids gives ids for the shell to complete, none where they cannot be had.
func ids[T any](ctx context.Context, s *session, r resource[T], o getOptions) []string {
	b, err := s.open(ctx, reading)
	if err != nil {
		return nil
	}
	defer func() { _ = b.close() }() // read only
	owners, err := b.allOwners(ctx, o.owners)
	if err != nil {
		return nil
	}
	var out []string
	_ = pages(ctx, owners, r.list(b.store, o.filter), func(page []T) (bool, error) { // what could be read is offered
		for _, v := range page {
			out = append(out, r.id(v))
		}
		return len(out) < maxCompletions, nil
	})
	return out[:min(len(out), maxCompletions)]
}
