package bolt

import (
	"context"
	"encoding/json"

	"go.etcd.io/bbolt"

	"dps/shared/dps"
)

// auditTime orders keys as times are ordered; always as long.
const auditTime = "2006-01-02T15:04:05.000000000Z"

// AppendAudit implements dps.AuditStore.
func (s *Store) AppendAudit(ctx context.Context, e dps.AuditEntry) error {
	key := e.RecordID + separator + e.Time.UTC().Format(auditTime) + separator + string(e.Event) + separator + e.DeviceID + separator + e.Serial
	return s.batch(ctx, func(tx *bbolt.Tx) error { return put(tx, bucketAudit, key, e) })
}

// ListAudit implements dps.AuditStore.
func (s *Store) ListAudit(ctx context.Context, recordID string, p dps.Page) (entries []dps.AuditEntry, next string, err error) {
	after, err := decodeToken(p.Token)
	if err != nil {
		return nil, "", err
	}
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		return scan(tx.Bucket(bucketAudit), []byte(recordID+separator), after, p.Limit(), &next, func(_ string, value []byte) error {
			var e dps.AuditEntry
			if err := json.Unmarshal(value, &e); err != nil {
				return err
			}
			entries = append(entries, e)
			return nil
		})
	})
	return entries, next, err
}
