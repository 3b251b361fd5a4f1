package apiapply

import (
	"context"
	"slices"

	"dps/shared/apply"
	"dps/shared/dps"
)

// Localize gives the objects of a file the ids under which the server has them: a group is known by its id or, as the server makes
// ids itself, by its lead certificate, which leads one group alone; a hub by its id, or as the one of its group with the same hubId.
// What the server does not have keeps the file's id. Errors: CodeInvalid for what is another owner's; as the API's.
func (t *Target) Localize(ctx context.Context, o apply.Objects) (apply.Objects, error) {
	for _, g := range o.Groups {
		if g.Owner != t.me.Owner {
			return o, dps.Errorf(dps.CodeInvalid, "group %s belongs to owner %q, and you are owner %q: over the API everybody applies what is his own", g.ID, g.Owner, t.me.Owner)
		}
	}
	groups, err := everything(ctx, t.api.ListGroups)
	if err != nil {
		return o, err
	}
	hubs, err := everything(ctx, t.api.ListHubs)
	if err != nil {
		return o, err
	}
	f := finder{groups: groups, hubs: hubs, ids: map[string]string{}, named: map[string]bool{}}
	for _, g := range groups {
		for _, name := range g.HubIDs {
			f.named[name] = true
		}
	}
	return f.localize(o), nil
}

// finder looks for a file's objects among the owner's.
type finder struct {
	groups []dps.EnrollmentGroup
	hubs   []dps.Hub
	named  map[string]bool   // what groups call their hubs
	ids    map[string]string // the server's by the file's
}

func (f finder) localize(o apply.Objects) apply.Objects {
	hubs := make(map[string]dps.Hub, len(o.Hubs))
	for _, h := range o.Hubs {
		hubs[h.ID] = h
	}
	out := apply.Objects{Hubs: slices.Clone(o.Hubs), Groups: slices.Clone(o.Groups)}
	for i, g := range out.Groups {
		theirs, known := f.group(g)
		if known {
			out.Groups[i].ID = theirs.ID
		}
		ids := make([]string, len(g.HubIDs))
		for j, id := range g.HubIDs {
			f.ids[id] = f.hub(hubs[id], theirs)
			ids[j] = f.ids[id]
		}
		out.Groups[i].HubIDs = ids
	}
	for i, h := range out.Hubs {
		if id, ok := f.ids[h.ID]; ok {
			out.Hubs[i].ID = id
		}
	}
	return out
}

// group finds the server's group that the file means.
func (f finder) group(g dps.EnrollmentGroup) (dps.EnrollmentGroup, bool) {
	i := slices.IndexFunc(f.groups, func(s dps.EnrollmentGroup) bool { return s.ID == g.ID })
	if lead, ok := apply.Lead(g); i < 0 && ok {
		i = slices.IndexFunc(f.groups, func(s dps.EnrollmentGroup) bool {
			theirs, ok := apply.Lead(s)
			return ok && dps.CAIdentity(theirs) == dps.CAIdentity(lead)
		})
	}
	if i < 0 {
		return dps.EnrollmentGroup{}, false
	}
	return f.groups[i], true
}

// hub gives the id of the server's hub that the file means: else one that no group names, which an application that was cut short
// has left; else the file's own.
func (f finder) hub(h dps.Hub, of dps.EnrollmentGroup) string {
	if i := slices.IndexFunc(f.hubs, func(s dps.Hub) bool { return s.ID == h.ID }); i >= 0 {
		return h.ID
	}
	for _, wanted := range []func(dps.Hub) bool{
		func(s dps.Hub) bool { return slices.Contains(of.HubIDs, s.ID) },
		func(s dps.Hub) bool { return slices.Contains(of.HubIDs, s.HubID) }, // a group may call a hub by either
		func(s dps.Hub) bool { return !f.named[s.ID] && !f.named[s.HubID] },
	} {
		i := slices.IndexFunc(f.hubs, func(s dps.Hub) bool { return s.HubID == h.HubID && wanted(s) && !f.taken(s.ID) })
		if i >= 0 {
			return f.hubs[i].ID
		}
	}
	return h.ID
}

func (f finder) taken(id string) bool {
	for _, other := range f.ids {
		if other == id {
			return true
		}
	}
	return false
}
