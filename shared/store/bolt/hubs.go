package bolt

import (
	"context"

	"go.etcd.io/bbolt"

	"dps/shared/dps"
)

// Hub implements dps.HubStore.
func (s *Store) Hub(ctx context.Context, id string) (dps.Hub, error) {
	return readCached[dps.Hub](ctx, s, bucketHubs, id, "hub")
}

// PutHub implements dps.HubStore.
func (s *Store) PutHub(ctx context.Context, h dps.Hub) (dps.Hub, error) {
	if err := h.Storable(); err != nil {
		return dps.Hub{}, err
	}
	expected := h.Version
	h.Version++
	if err := s.update(ctx, func(tx *bbolt.Tx) error { return replaceHub(tx, h, expected) }); err != nil {
		return dps.Hub{}, err
	}
	return h, nil
}

func replaceHub(tx *bbolt.Tx, h dps.Hub, expected uint64) error {
	old, found, err := get[dps.Hub](tx, bucketHubs, h.ID)
	if err != nil {
		return err
	}
	if old.Version != expected {
		return dps.Errorf(dps.CodeConflict, "hub %s has version %d, not %d: somebody else changed it", h.ID, old.Version, expected)
	}
	if found {
		if err := tx.Bucket(bucketOwner).Delete(ownerKey(old.Owner, bucketHubs, h.ID)); err != nil {
			return err
		}
	}
	if err := put(tx, bucketHubs, h.ID, h); err != nil {
		return err
	}
	if err := tx.Bucket(bucketOwner).Put(ownerKey(h.Owner, bucketHubs, h.ID), nil); err != nil {
		return err
	}
	return raiseGeneration(tx)
}

// DeleteHub implements dps.HubStore.
func (s *Store) DeleteHub(ctx context.Context, id string) error {
	return s.update(ctx, func(tx *bbolt.Tx) error {
		old, found, err := get[dps.Hub](tx, bucketHubs, id)
		if err != nil || !found {
			return err
		}
		if err := tx.Bucket(bucketOwner).Delete(ownerKey(old.Owner, bucketHubs, id)); err != nil {
			return err
		}
		if err := tx.Bucket(bucketHubs).Delete([]byte(id)); err != nil {
			return err
		}
		return raiseGeneration(tx)
	})
}

// ListHubs implements dps.HubStore.
func (s *Store) ListHubs(ctx context.Context, owner string, p dps.Page) ([]dps.Hub, string, error) {
	return list[dps.Hub](ctx, s, bucketHubs, owner, p)
}
