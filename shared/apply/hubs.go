package apply

import (
	"context"
	"slices"

	"dps/shared/dps"
)

// putHub creates or updates one hub, unless it is the same already. Errors: as HubStore.
func (a *applier) putHub(ctx context.Context, h dps.Hub) error {
	for range maxAttempts {
		old, exists, err := found(a.stores.Hub(ctx, h.ID))
		if err != nil {
			return err
		}
		rotated, err := a.vault.store(ctx, hubSecrets(&h), hubSecrets(&old))
		if err != nil {
			return err
		}
		h.Version = old.Version
		if exists && !rotated && same(old, h) {
			a.result.Unchanged = append(a.result.Unchanged, item("hub", h.ID, h.Name))
			return nil
		}
		_, err = a.stores.PutHub(ctx, h)
		if err == nil {
			a.result.put(exists, item("hub", h.ID, h.Name))
			return a.vault.retire(ctx, hubSecrets(&old), hubSecrets(&h))
		}
		if dps.CodeOf(err) != dps.CodeConflict {
			return err
		}
	}
	return dps.Errorf(dps.CodeConflict, "others keep changing it: try again")
}

// deleteHub removes a hub and then its secrets, unless a group of another source still names it.
func (a *applier) deleteHub(ctx context.Context, id string) error {
	old, exists, err := found(a.stores.Hub(ctx, id))
	if err != nil || !exists {
		return err
	}
	used, err := a.hubUsed(ctx, old)
	if err != nil {
		return err
	}
	if used {
		a.result.Kept = append(a.result.Kept, item("hub", id, old.Name))
		return nil
	}
	if err := a.stores.DeleteHub(ctx, id); err != nil {
		return err
	}
	a.result.Deleted = append(a.result.Deleted, item("hub", id, old.Name))
	return a.vault.retire(ctx, hubSecrets(&old), nil)
}

// hubUsed tells whether a group of the hub's owner names it.
func (a *applier) hubUsed(ctx context.Context, h dps.Hub) (bool, error) {
	page := dps.Page{}
	for {
		groups, next, err := a.stores.ListGroups(ctx, h.Owner, page)
		if err != nil {
			return false, err
		}
		for _, g := range groups {
			if slices.Contains(g.HubIDs, h.ID) {
				return true, nil
			}
		}
		if next == "" {
			return false, nil
		}
		page.Token = next
	}
}
