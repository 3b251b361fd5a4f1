package rest

import (
	"context"
	"net/http"
	"reflect"

	"dps/shared/dps"
)

// maxAttempts bounds how often a change is tried again on what others have changed meanwhile.
const maxAttempts = 5

// create stores a new object, which has its id and owner.
func create[T any](ctx context.Context, a *api, r resource[T], v T) (T, error) {
	var empty T
	return commit(ctx, a, r, empty, v)
}

// commit stores the secrets, then the object; either both or none.
func commit[T any](ctx context.Context, a *api, r resource[T], old, now T) (T, error) {
	var none T
	changes, err := settle(r.secrets(&now), r.secrets(&old))
	if err != nil {
		return none, err
	}
	if err := r.storable(now); err != nil {
		return none, err
	}
	if len(changes) == 0 && reflect.DeepEqual(now, old) {
		return old, nil // nothing changes, and so no cache need be dropped
	}
	undo, err := a.store(ctx, changes)
	if err != nil {
		return none, err
	}
	stored, err := r.put(ctx, now)
	if err != nil {
		undo()
		return none, err
	}
	a.retire(ctx, r.secrets(&old), r.secrets(&stored))
	return stored, nil
}

// update changes an object that is there. Without If-Match it is tried again where somebody else was faster: the last one
// wins, as plgd has it. With If-Match the second gets to know what differs. Errors: CodeNotFound, CodeInvalid, CodeConflict.
func update[T any](x *exchange, a *api, r resource[T], id string, alter func(old T) (T, error)) (T, error) {
	for attempt := 1; ; attempt++ {
		old, err := r.load(x.ctx(), x.owner(), id)
		if err != nil {
			return old, err
		}
		now, err := alter(old)
		if err != nil {
			return old, err
		}
		if err := matches(x, r, old, &now); err != nil {
			return old, err
		}
		stored, err := commit(x.ctx(), a, r, old, now)
		if dps.CodeOf(err) != dps.CodeConflict {
			return stored, err
		}
		current, loadErr := r.load(x.ctx(), x.owner(), id)
		switch {
		case loadErr != nil:
			return stored, loadErr
		case r.meta(current).version == r.meta(old).version: // another reason: a lead certificate that is taken
			return stored, err
		case ifMatch(x.r) != "" || attempt == maxAttempts:
			return stored, stale(r, http.StatusConflict, current, &now)
		}
	}
}

// drop deletes an object with its secrets.
func drop[T any](ctx context.Context, a *api, r resource[T], v T) error {
	if err := r.remove(ctx, r.meta(v).id); err != nil {
		return err
	}
	a.retire(ctx, r.secrets(&v), nil)
	return nil
}
