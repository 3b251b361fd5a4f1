package bolt

import (
	"context"

	"go.etcd.io/bbolt"

	"dps/shared/dps"
)

// ClaimDevice implements dps.BindingStore. A repeated claim only reads.
func (s *Store) ClaimDevice(ctx context.Context, b dps.DeviceBinding) (dps.DeviceBinding, error) {
	if err := b.Storable(); err != nil {
		return dps.DeviceBinding{}, err
	}
	standing, err := s.Binding(ctx, b.DeviceID)
	if dps.CodeOf(err) == dps.CodeNotFound {
		standing, err = s.bind(ctx, b)
	}
	if err != nil {
		return dps.DeviceBinding{}, err
	}
	if standing.RecordID != b.RecordID {
		return standing, dps.Errorf(dps.CodeConflict, "device id %s belongs to another manufacturer key", b.DeviceID)
	}
	return standing, nil
}

// bind gives the binding that stands: b, unless another was quicker.
func (s *Store) bind(ctx context.Context, b dps.DeviceBinding) (standing dps.DeviceBinding, err error) {
	err = s.updatePatiently(ctx, func(tx *bbolt.Tx) error {
		old, found, err := get[dps.DeviceBinding](tx, bucketBindings, b.DeviceID)
		if err != nil {
			return err
		}
		if found {
			standing = old
			return nil
		}
		standing = b
		return put(tx, bucketBindings, b.DeviceID, b)
	})
	return standing, err
}

// Binding implements dps.BindingStore.
func (s *Store) Binding(ctx context.Context, deviceID string) (dps.DeviceBinding, error) {
	return read[dps.DeviceBinding](ctx, s, bucketBindings, deviceID, "binding of device")
}

// ReleaseDevice implements dps.BindingStore.
func (s *Store) ReleaseDevice(ctx context.Context, deviceID string) error {
	return s.update(ctx, func(tx *bbolt.Tx) error { return tx.Bucket(bucketBindings).Delete([]byte(deviceID)) })
}
