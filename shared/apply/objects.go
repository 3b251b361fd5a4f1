package apply

import (
	"slices"

	"dps/shared/dps"
)

// Objects are the groups and hubs that a source of configuration describes, complete. Secrets may be inline.
type Objects struct {
	Hubs   []dps.Hub
	Groups []dps.EnrollmentGroup
}

// validate checks the objects, each for itself and together. Errors: CodeInvalid.
func (o Objects) validate() error {
	hubs := make(map[string]bool, len(o.Hubs))
	for _, h := range o.Hubs {
		if err := h.Validate(); err != nil {
			return describe(err, "hub", h.ID)
		}
		if hubs[h.ID] {
			return dps.Errorf(dps.CodeInvalid, "hub %s: named twice", h.ID)
		}
		hubs[h.ID] = true
	}
	groups, leads := make(map[string]bool, len(o.Groups)), make(map[string]string, len(o.Groups))
	for _, g := range o.Groups {
		if err := g.Validate(); err != nil {
			return describe(err, "group", g.ID)
		}
		if groups[g.ID] {
			return dps.Errorf(dps.CodeInvalid, "group %s: named twice", g.ID)
		}
		groups[g.ID] = true
		for _, id := range g.HubIDs {
			if !hubs[id] {
				return dps.Errorf(dps.CodeInvalid, "group %s: hub %s is not among the objects", g.ID, id)
			}
		}
		if lead, ok := Lead(g); ok {
			id := dps.CAIdentity(lead)
			if other, taken := leads[id]; taken {
				return clash(dps.CodeInvalid, g.ID, lead, other)
			}
			leads[id] = g.ID
		}
	}
	return nil
}

func (o Objects) manifest() dps.Manifest {
	var m dps.Manifest
	for _, g := range o.Groups {
		m.GroupIDs = append(m.GroupIDs, g.ID)
	}
	for _, h := range o.Hubs {
		m.HubIDs = append(m.HubIDs, h.ID)
	}
	slices.Sort(m.GroupIDs)
	slices.Sort(m.HubIDs)
	return m
}
