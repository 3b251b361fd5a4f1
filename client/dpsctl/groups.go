package dpsctl

import (
	"context"
	"strconv"
	"time"

	"dps/shared/apply"
	"dps/shared/dps"
)

var groups = resource[dps.EnrollmentGroup]{
	singular: "group", plural: "groups",
	example: `  dpsctl get groups --config dps.yaml
  dpsctl get groups 98be12de-3991-4567-aeea-edd9a656e6df -o yaml --table dps`,
	columns: []column[dps.EnrollmentGroup]{
		{"ID", false, func(g dps.EnrollmentGroup) string { return g.ID }},
		{"NAME", false, func(g dps.EnrollmentGroup) string { return g.Name }},
		{"OWNER", false, func(g dps.EnrollmentGroup) string { return g.Owner }},
		{"LEAD CERTIFICATE", false, leadName},
		{"HUBS", false, func(g dps.EnrollmentGroup) string { return strconv.Itoa(len(g.HubIDs)) }},
		{"STATE", false, groupState},
		{"PRE-SHARED KEY", true, func(g dps.EnrollmentGroup) string { return yes(g.PreSharedKey != "") }},
		{"EXPIRED LEAVES", true, func(g dps.EnrollmentGroup) string { return yes(g.X509.ExpiredCertificateEnabled) }},
		{"CHAIN EXPIRES", true, chainExpires},
		{"CHALLENGE", true, func(g dps.EnrollmentGroup) string { return g.Challenge }},
		{"VERSION", true, func(g dps.EnrollmentGroup) string { return strconv.FormatUint(g.Version, 10) }},
	},
	get: func(ctx context.Context, s store, id string) (dps.EnrollmentGroup, error) {
		return s.Group(ctx, id)
	},
	list:  func(s store, _ filter) listing[dps.EnrollmentGroup] { return s.ListGroups },
	id:    func(g dps.EnrollmentGroup) string { return g.ID },
	owner: func(g dps.EnrollmentGroup) string { return g.Owner },
	shown: func(g dps.EnrollmentGroup) dps.EnrollmentGroup {
		g.PreSharedKey = shownRef(g.PreSharedKey)
		return g
	},
}

func leadName(g dps.EnrollmentGroup) string {
	lead, ok := apply.Lead(g)
	if !ok {
		return ""
	}
	return lead.Subject.String()
}

// groupState is why the group's devices are refused, if they are.
func groupState(g dps.EnrollmentGroup) string {
	switch {
	case g.Disabled:
		return "disabled"
	case g.Challenge != "":
		return "pending"
	}
	return "open"
}

// chainExpires is when the first certificate of the chain does.
func chainExpires(g dps.EnrollmentGroup) string {
	chain, err := g.X509.Certificates()
	if err != nil {
		return ""
	}
	first := chain[0].NotAfter
	for _, c := range chain[1:] {
		if c.NotAfter.Before(first) {
			first = c.NotAfter
		}
	}
	return when(first)
}

// shownRef gives a reference as it may be shown: redacted where it looks like the secret itself.
func shownRef(ref dps.SecretRef) dps.SecretRef { return dps.SecretRef(ref.String()) }

func yes(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// when gives a time to the second, "" for none.
func when(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
