package dpsctl

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"dps/shared/dps"
)

func auditColumns() []column[dps.AuditEntry] {
	return []column[dps.AuditEntry]{
		{"TIME", false, func(e dps.AuditEntry) string { return when(e.Time) }},
		{"EVENT", false, func(e dps.AuditEntry) string { return string(e.Event) }},
		{"DEVICE", false, func(e dps.AuditEntry) string { return e.DeviceID }},
		{"SERIAL", false, func(e dps.AuditEntry) string { return e.Serial }},
		{"VALID UNTIL", false, func(e dps.AuditEntry) string { return when(e.NotAfter) }},
		{"DETAIL", false, func(e dps.AuditEntry) string { return e.Detail }},
		{"GROUP", true, func(e dps.AuditEntry) string { return e.GroupID }},
		{"HUB", true, func(e dps.AuditEntry) string { return e.HubID }},
	}
}

func newAudit(s *session) *cobra.Command {
	var form string
	cmd := &cobra.Command{
		Use: "audit ID", Short: "Show the certificates that a device was issued, and what it was denied", Args: cobra.ExactArgs(1),
		Long:    "audit lists, oldest first, what was issued to a manufacturer key and what it was denied. ID is a record's, or a device's. The audit\noutlives the record.",
		Example: "  dpsctl audit 763e6d6f-d9a2-41da-a0f1-269e9cc84ce2\n  dpsctl audit 763e6d6f-d9a2-41da-a0f1-269e9cc84ce2 -o json --table dps",
		RunE:    run(func(ctx context.Context, args []string) error { return s.audit(ctx, args[0], form) }),
		ValidArgsFunction: func(cmd *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			return ids(cmd.Context(), s, records, getOptions{}), cobra.ShellCompDirectiveNoFileComp
		},
	}
	registerForm(cmd, &form)
	return cmd
}

func (s *session) audit(ctx context.Context, id, form string) (err error) {
	if err := checkForm(form, forms...); err != nil {
		return err
	}
	b, err := s.open(ctx, reading)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	if id, err = keyOf(ctx, b.store, id); err != nil {
		return err
	}
	out, n := newPrinter(s.Out, form, false, auditColumns()), 0
	list := func(ctx context.Context, id string, p dps.Page) ([]dps.AuditEntry, string, error) {
		return b.store.ListAudit(ctx, id, p)
	}
	err = pages(ctx, []string{id}, list, func(page []dps.AuditEntry) (bool, error) {
		n += len(page)
		return true, out.page(page)
	})
	if dps.CodeOf(err) == dps.CodeNotFound {
		return dps.Errorf(dps.CodeNotFound, "no audit of %q in %s", clean(id), b.where)
	}
	if err != nil {
		return err
	}
	if n == 0 {
		_, _ = fmt.Fprintf(s.Err, "no audit of %s in %s\n", clean(id), b.where)
	}
	return out.end()
}

// keyOf gives the manufacturer key that holds the device id, or the id as it is: a record may be gone whose audit is there.
func keyOf(ctx context.Context, s store, id string) (string, error) {
	if u, ok := dps.ParseUUID(id); ok {
		id = u
	}
	held, err := s.Binding(ctx, id)
	switch dps.CodeOf(err) {
	case "":
		return held.RecordID, nil
	case dps.CodeNotFound:
		return id, nil
	}
	return "", err
}
