package rest

import (
	"slices"

	"dps/shared/dps"
)

// nameHubs turns the client's names of hubs into entries: an entry's id is one, a hub's hubId another (several entries may be of
// one hub, docs/adr/0006). The group remembers the latter, so that the client reads what it wrote. Errors: CodeNotFound where
// the owner has no such hub; a hub that the group had already may be gone.
func (a *api) nameHubs(x *exchange, old dps.EnrollmentGroup, now *dps.EnrollmentGroup) error {
	names := now.HubIDs
	if len(names) > dps.MaxGroupHubs {
		return dps.Errorf(dps.CodeInvalid, "hubIds: must name 1 to %d hubs", dps.MaxGroupHubs)
	}
	now.HubIDs, now.HubAliases = nil, nil
	for i, name := range names {
		id, err := a.entryOf(x, old, name)
		if dps.CodeOf(err) == dps.CodeNotFound {
			return dps.Errorf(dps.CodeNotFound, "hubIds[%d]: hub %.100q does not exist", i, name)
		}
		if err != nil {
			return err
		}
		if slices.Contains(now.HubIDs, id) {
			continue
		}
		now.HubIDs = append(now.HubIDs, id)
		if id != name {
			now.HubAliases = append(now.HubAliases, dps.HubAlias{ID: id, As: name})
		}
	}
	return nil
}

func (a *api) entryOf(x *exchange, old dps.EnrollmentGroup, name string) (string, error) {
	for _, alias := range old.HubAliases {
		if alias.As == name && slices.Contains(old.HubIDs, alias.ID) {
			return alias.ID, nil
		}
	}
	if slices.Contains(old.HubIDs, name) {
		return name, nil
	}
	_, err := a.hubs().load(x.ctx(), x.owner(), name)
	if dps.CodeOf(err) != dps.CodeNotFound {
		return name, err
	}
	entries, listErr := a.hubEntries(x, []string{name})
	if listErr != nil {
		return "", listErr
	}
	for _, id := range entries {
		if slices.Contains(old.HubIDs, id) { // the one it meant so far
			return id, nil
		}
	}
	if len(entries) < 2 { // the name itself is always there
		return "", err
	}
	return entries[1], nil
}

// hubEntries gives the names, and the ids of the owner's entries whose hubId is among them.
func (a *api) hubEntries(x *exchange, names []string) ([]string, error) {
	if len(names) == 0 {
		return nil, nil
	}
	out, wanted := slices.Clone(names), make(map[string]bool)
	for _, name := range names {
		if id, ok := dps.ParseUUID(name); ok {
			wanted[id] = true
		}
	}
	if len(wanted) == 0 {
		return out, nil
	}
	err := a.hubs().ofOwner(x.owner()).each(x.ctx(), func(h dps.Hub) error {
		if wanted[h.HubID] && !slices.Contains(out, h.ID) {
			out = append(out, h.ID)
		}
		return nil
	})
	return out, err
}
