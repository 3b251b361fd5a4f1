package dynamodb

import (
	"context"

	"dps/shared/dps"
)

// maxRaces is how often a deletion meets a change by somebody else before it gives up.
const maxRaces = 10

// deleteVersion deletes the object as it was read, with the writes that go with it, and again as it is now where somebody
// changed it in between. What is not there counts as deleted.
func (s *Store) deleteVersion(ctx context.Context, k kind, id string, with func(item) ([]write, error)) error {
	if !isKey(id) {
		return nil
	}
	for range maxRaces {
		it, err := s.get(ctx, k.key(id), consistently)
		if err != nil || it == nil {
			return err
		}
		writes, err := with(it)
		if err != nil {
			return err
		}
		del := s.del(k.key(id), "version = :read", item{":read": it["version"]}, dps.Errorf(dps.CodeConflict, "%s %s was changed", k.what, id))
		if err = s.change(ctx, append(writes, del)...); dps.CodeOf(err) != dps.CodeConflict {
			return err
		}
	}
	return dps.Errorf(dps.CodeUnavailable, "%s %s changes faster than it can be deleted: try again", k.what, id)
}
