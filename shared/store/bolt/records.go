package bolt

import (
	"context"

	"go.etcd.io/bbolt"

	"dps/shared/dps"
)

// MergeResults implements dps.RecordStore: one transaction for the batch, each record read and written once.
func (s *Store) MergeResults(ctx context.Context, results []dps.StepResult) (changed int, err error) {
	byRecord := make(map[string][]dps.StepResult)
	for i, r := range results {
		if err := r.Storable(); err != nil {
			return 0, dps.Errorf(dps.CodeInvalid, "results[%d].%w", i, err)
		}
		byRecord[r.RecordID] = append(byRecord[r.RecordID], r)
	}
	if len(byRecord) == 0 {
		return 0, nil
	}
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		changed = 0
		for id, results := range byRecord {
			n, err := mergeRecord(tx, id, results)
			if err != nil {
				return err
			}
			changed += n
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	return changed, nil
}

func mergeRecord(tx *bbolt.Tx, id string, results []dps.StepResult) (changed int, err error) {
	rec, found, err := get[dps.Record](tx, bucketRecords, id)
	if err != nil {
		return 0, err
	}
	owner := rec.Owner
	for _, r := range results {
		if rec.Merge(r) {
			changed++
		}
	}
	if changed == 0 {
		return 0, nil
	}
	if found && owner != rec.Owner {
		if err := tx.Bucket(bucketOwner).Delete(ownerKey(owner, bucketRecords, id)); err != nil {
			return 0, err
		}
	}
	if err := putSummary(tx, rec); err != nil {
		return 0, err
	}
	return changed, put(tx, bucketRecords, id, rec)
}

// Record implements dps.RecordStore.
func (s *Store) Record(ctx context.Context, id string) (dps.Record, error) {
	return read[dps.Record](ctx, s, bucketRecords, id, "provisioning record")
}

// DeleteRecord implements dps.RecordStore.
func (s *Store) DeleteRecord(ctx context.Context, id string) error {
	return s.update(ctx, func(tx *bbolt.Tx) error {
		old, found, err := get[dps.Record](tx, bucketRecords, id)
		if err != nil || !found {
			return err
		}
		if err := tx.Bucket(bucketOwner).Delete(ownerKey(old.Owner, bucketRecords, id)); err != nil {
			return err
		}
		return tx.Bucket(bucketRecords).Delete([]byte(id))
	})
}

// ListRecords implements dps.RecordStore.
func (s *Store) ListRecords(ctx context.Context, owner string, p dps.Page) ([]dps.Record, string, error) {
	return list[dps.Record](ctx, s, bucketRecords, owner, p)
}
