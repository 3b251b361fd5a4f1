package apply

import (
	"context"
	"reflect"

	"dps/shared/dps"
)

// maxAttempts bounds how often an object is read again because somebody else changed it meanwhile.
const maxAttempts = 4

// putGroups writes the groups. One whose lead certificate another still holds is tried again after the others: a lead
// certificate may move from one of them to the next within one file.
func (a *applier) putGroups(ctx context.Context, groups []dps.EnrollmentGroup) error {
	for {
		var waiting []dps.EnrollmentGroup
		var refusal error
		for _, g := range groups {
			err := a.putGroup(ctx, g)
			if dps.CodeOf(err) == dps.CodeConflict {
				waiting, refusal = append(waiting, g), err
				continue
			}
			if err != nil {
				return describe(err, "group", g.ID)
			}
		}
		if len(waiting) == 0 || len(waiting) == len(groups) {
			return refusal
		}
		groups = waiting
	}
}

// putGroup creates or updates one group, unless it is the same already. Errors: CodeConflict where another group has its
// lead certificate; as GroupStore.
func (a *applier) putGroup(ctx context.Context, g dps.EnrollmentGroup) error {
	for range maxAttempts {
		old, exists, err := found(a.stores.Group(ctx, g.ID))
		if err != nil {
			return err
		}
		rotated, err := a.vault.store(ctx, groupSecrets(&g), groupSecrets(&old))
		if err != nil {
			return err
		}
		g.Version = old.Version
		if exists && !rotated && same(old, g) {
			a.result.Unchanged = append(a.result.Unchanged, item("group", g.ID, g.Name))
			return nil
		}
		_, err = a.stores.PutGroup(ctx, g)
		if err == nil {
			a.result.put(exists, item("group", g.ID, g.Name))
			return a.vault.retire(ctx, groupSecrets(&old), groupSecrets(&g))
		}
		if dps.CodeOf(err) != dps.CodeConflict {
			return err
		}
		if lead, others, err := leadHolders(ctx, a.stores, g); err != nil {
			return err
		} else if len(others) > 0 {
			return clash(dps.CodeConflict, g.ID, lead, others...)
		}
	}
	return dps.Errorf(dps.CodeConflict, "group %s: others keep changing it: try again", g.ID)
}

// deleteGroup removes a group, and then its secrets.
func (a *applier) deleteGroup(ctx context.Context, id string) error {
	old, exists, err := found(a.stores.Group(ctx, id))
	if err != nil || !exists {
		return err
	}
	if err := a.stores.DeleteGroup(ctx, id); err != nil {
		return err
	}
	a.result.Deleted = append(a.result.Deleted, item("group", id, old.Name))
	return a.vault.retire(ctx, groupSecrets(&old), nil)
}

// found turns CodeNotFound into a boolean.
func found[T any](value T, err error) (T, bool, error) {
	if dps.CodeOf(err) == dps.CodeNotFound {
		var none T
		return none, false, nil
	}
	return value, err == nil, err
}

// same compares what is stored: a store may give back an empty list as nil.
func same[T any](a, b T) bool { return reflect.DeepEqual(normal(a), normal(b)) }
