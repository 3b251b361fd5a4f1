package dpsctl

import (
	"fmt"
	"strings"

	"dps/shared/apply"
)

// maxShownEntries bounds how many entries of a list a diff names.
const maxShownEntries = 10

// ANSI colours of the actions.
const (
	green  = "\x1b[32m"
	yellow = "\x1b[33m"
	red    = "\x1b[31m"
	reset  = "\x1b[0m"
)

// look is how an action is shown.
type look struct{ sign, color string }

var looks = map[apply.Action]look{
	apply.ActionCreate: {"+", green}, apply.ActionUpdate: {"~", yellow}, apply.ActionDelete: {"-", red},
}

// printPlan shows what would change.
func (s *session) printPlan(p apply.Plan, where string) error {
	d := differ{colors: s.colors()}
	for _, c := range p.Changes {
		d.change(c)
	}
	for _, name := range p.Secrets {
		d.line(looks[apply.ActionUpdate], "secret "+name+": cannot be compared or is lost; it is written again")
	}
	for _, it := range p.Kept {
		d.line(look{" ", ""}, it+" stays: a group that another source brought names it")
	}
	if p.Empty() {
		fmt.Fprintf(&d.text, "Nothing to change in %s: %d objects are as the file says.\n", where, len(p.Unchanged))
	} else {
		fmt.Fprintf(&d.text, "Changes to %s: %d to create, %d to update, %d to delete; %d unchanged.\n", where,
			p.Count(apply.ActionCreate), p.Count(apply.ActionUpdate), p.Count(apply.ActionDelete), len(p.Unchanged))
	}
	_, err := fmt.Fprint(s.Out, d.text.String())
	return err
}

// differ writes a diff.
type differ struct {
	colors bool
	text   strings.Builder
}

func (d *differ) line(l look, text string) {
	if d.colors && l.color != "" {
		fmt.Fprintf(&d.text, "%s%s %s%s\n", l.color, l.sign, clean(text), reset)
		return
	}
	fmt.Fprintf(&d.text, "%s %s\n", l.sign, clean(text))
}

func (d *differ) change(c apply.Change) {
	title := c.Kind + " " + c.ID
	if c.Name != "" {
		title += " (" + c.Name + ")"
	}
	d.line(looks[c.Action], title)
	for _, f := range c.Fields {
		d.field(c.Action, f)
	}
}

func (d *differ) field(a apply.Action, f apply.Field) {
	switch {
	case f.Secret:
		d.property(f.Path, secretChange(f))
	case len(f.Added)+len(f.Removed) > 0 && a == apply.ActionCreate:
		d.property(f.Path, strings.Join(bounded(f.Added), ", "))
	case len(f.Added)+len(f.Removed) > 0:
		d.entries(f)
	case a == apply.ActionCreate:
		d.property(f.Path, f.New)
	default:
		d.property(f.Path, unset(f.Old)+" → "+unset(f.New))
	}
}

func (d *differ) property(path, text string) {
	fmt.Fprintf(&d.text, "      %s: %s\n", path, clean(text))
}

func (d *differ) entries(f apply.Field) {
	var all []string
	for _, e := range bounded(f.Removed) {
		all = append(all, "- "+e)
	}
	for _, e := range bounded(f.Added) {
		all = append(all, "+ "+e)
	}
	d.property(f.Path, strings.Join(all, ", "))
}

func secretChange(f apply.Field) string {
	switch {
	case f.Old == "":
		return "(secret, new)"
	case f.New == "":
		return "(secret, removed)"
	default:
		return "(secret, changed)"
	}
}

func bounded(entries []string) []string {
	if len(entries) <= maxShownEntries {
		return entries
	}
	return append(entries[:maxShownEntries:maxShownEntries], fmt.Sprintf("… %d more", len(entries)-maxShownEntries))
}

func unset(s string) string {
	if s == "" {
		return "(not set)"
	}
	return s
}
