package dpsctl

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"dps/client/dpsctl/api"
	"dps/shared/dps"
)

func newClientDevices(s *session, o *d2dOptions) *cobra.Command {
	var addresses []string
	cmd := &cobra.Command{
		Use: "devices", Short: "Discover devices, by multicast or at addresses", Args: cobra.NoArgs,
		Example: "  dpsctl client devices\n  dpsctl client devices --address 192.168.1.20 --address 192.168.1.21:5683",
		RunE: run(func(ctx context.Context, _ []string) error {
			return s.withD2D(ctx, o, func(ctx context.Context, d api.D2D) error { return s.clientDevices(ctx, d, addresses, o.form) })
		}),
	}
	cmd.Flags().StringArrayVar(&addresses, "address", nil, "`HOST[:PORT]` to ask instead of everybody; may be given several times")
	registerForm(cmd, &o.form)
	return cmd
}

func (s *session) clientDevices(ctx context.Context, d api.D2D, addresses []string, form string) error {
	if err := checkForm(form, forms...); err != nil {
		return err
	}
	found, err := d.Devices(ctx, addresses)
	if err != nil {
		return err
	}
	out := newPrinter(s.Out, form, false, []column[api.D2DDevice]{
		{"ID", false, func(d api.D2DDevice) string { return d.ID }},
		{"NAME", false, func(d api.D2DDevice) string { return d.Name }},
		{"WHOSE", false, whose},
		{"TYPES", false, func(d api.D2DDevice) string { return strings.Join(d.Types, " ") }},
		{"OWNER", true, func(d api.D2DDevice) string { return d.OwnerID }},
		{"ENDPOINTS", true, func(d api.D2DDevice) string { return strings.Join(d.Endpoints, " ") }},
	})
	if err := out.page(found); err != nil {
		return err
	}
	return out.end()
}

func whose(d api.D2DDevice) string {
	switch d.Ownership {
	case "owned":
		return "ours"
	case "ownedByOther":
		return "another's"
	case "unowned":
		return "nobody's"
	default:
		return "unknown"
	}
}

func newClientGet(s *session, o *d2dOptions) *cobra.Command {
	cmd := &cobra.Command{
		Use: "get DEVICE-ID [HREF]", Short: "List a device's resources, or read one", Args: cobra.RangeArgs(1, 2),
		Example: "  dpsctl client get 24a61a57-772d-4c40-833c-c334a760782b\n  dpsctl client get 24a61a57-772d-4c40-833c-c334a760782b /light/1",
		RunE: run(func(ctx context.Context, args []string) error {
			return s.withD2D(ctx, o, func(ctx context.Context, d api.D2D) error {
				if len(args) == 1 {
					return s.clientResources(ctx, d, args[0], o.form)
				}
				content, err := d.Read(ctx, args[0], args[1])
				if err != nil {
					return err
				}
				return s.showContent(content)
			})
		}),
	}
	registerForm(cmd, &o.form)
	return cmd
}

func (s *session) clientResources(ctx context.Context, d api.D2D, id, form string) error {
	if err := checkForm(form, forms...); err != nil {
		return err
	}
	all, err := d.Resources(ctx, id)
	if err != nil {
		return err
	}
	out := newPrinter(s.Out, form, false, []column[api.D2DResource]{
		{"HREF", false, func(r api.D2DResource) string { return r.Href }},
		{"TYPES", false, func(r api.D2DResource) string { return strings.Join(r.Types, " ") }},
		{"INTERFACES", true, func(r api.D2DResource) string { return strings.Join(r.Interfaces, " ") }},
	})
	if err := out.page(all); err != nil {
		return err
	}
	return out.end()
}

func newClientSet(s *session, o *d2dOptions) *cobra.Command {
	return &cobra.Command{
		Use: "set DEVICE-ID HREF JSON", Short: "Change a resource", Args: cobra.ExactArgs(3),
		Example: `  dpsctl client set 24a61a57-772d-4c40-833c-c334a760782b /light/1 '{"state":true}'`,
		RunE: run(func(ctx context.Context, args []string) error {
			if !json.Valid([]byte(args[2])) {
				return dps.Errorf(dps.CodeInvalid, "%.100q is not JSON: write such as '{\"state\":true}'", args[2])
			}
			return s.withD2D(ctx, o, func(ctx context.Context, d api.D2D) error {
				content, err := d.Update(ctx, args[0], args[1], json.RawMessage(args[2]))
				if err != nil {
					return err
				}
				return s.showContent(content)
			})
		}),
	}
}

// showContent prints what a resource says.
func (s *session) showContent(content json.RawMessage) error {
	var out bytes.Buffer
	if err := json.Indent(&out, content, "", "  "); err != nil {
		return dps.Wrap(dps.CodeInternal, err, "the client answers what is no JSON")
	}
	_, err := fmt.Fprintln(s.Out, cleanLines(out.String()))
	return err
}

func newClientOwn(s *session, o *d2dOptions) *cobra.Command {
	return &cobra.Command{
		Use: "own DEVICE-ID", Short: "Take ownership of a device that nobody owns", Args: cobra.ExactArgs(1),
		RunE: run(func(ctx context.Context, args []string) error {
			return s.withD2D(ctx, o, func(ctx context.Context, d api.D2D) error {
				return s.tell(d.Own(ctx, args[0]), "Device %s is ours.", clean(args[0]))
			})
		}),
	}
}

func newClientDisown(s *session, o *d2dOptions) *cobra.Command {
	var yes bool
	cmd := &cobra.Command{
		Use: "disown DEVICE-ID", Short: "Give a device up: it forgets everything it was given", Args: cobra.ExactArgs(1),
		RunE: run(func(ctx context.Context, args []string) error {
			return s.withD2D(ctx, o, func(ctx context.Context, d api.D2D) error {
				if !yes {
					if err := s.ask("Really disown " + clean(args[0]) + "? It forgets its owner, its hub and its certificates."); err != nil {
						return err
					}
				}
				return s.tell(d.Disown(ctx, args[0]), "Device %s is nobody's; it comes back under another id.", clean(args[0]))
			})
		}),
	}
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}
