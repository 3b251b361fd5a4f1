package bolt

import (
	"context"

	"go.etcd.io/bbolt"

	"dps/shared/dps"
)

// ClaimDevice implements dps.BindingStore. A repeated claim only reads.
func (s *Store) ClaimDevice(ctx context.Context, b dps.DeviceBinding) (standing dps.DeviceBinding, err error) {
	standing, err = s.Binding(ctx, b.DeviceID)
	if dps.CodeOf(err) == dps.CodeNotFound {
		err = s.batch(ctx, func(tx *bbolt.Tx) error {
			var found bool
			if standing, found, err = get[dps.DeviceBinding](tx, bucketBindings, b.DeviceID); err != nil || found {
				return err
			}
			standing = b
			return put(tx, bucketBindings, b.DeviceID, b)
		})
	}
	if err != nil {
		return dps.DeviceBinding{}, err
	}
	if standing.RecordID != b.RecordID {
		return standing, dps.Errorf(dps.CodeConflict, "device id %s belongs to another manufacturer key", b.DeviceID)
	}
	return standing, nil
}

// Binding implements dps.BindingStore.
func (s *Store) Binding(ctx context.Context, deviceID string) (dps.DeviceBinding, error) {
	return read[dps.DeviceBinding](ctx, s, bucketBindings, deviceID, "binding of device")
}

// ReleaseDevice implements dps.BindingStore.
func (s *Store) ReleaseDevice(ctx context.Context, deviceID string) error {
	return s.update(ctx, func(tx *bbolt.Tx) error { return tx.Bucket(bucketBindings).Delete([]byte(deviceID)) })
}
