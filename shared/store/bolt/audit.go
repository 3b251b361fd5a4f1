package bolt

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"go.etcd.io/bbolt"

	"dps/shared/dps"
)

// auditTime orders keys as times are ordered; always as long.
const auditTime = "2006-01-02T15:04:05.000000000Z"

// AppendAudit implements dps.AuditStore. The key ends in a hash of the whole entry, so that only the same entry meets itself.
func (s *Store) AppendAudit(ctx context.Context, e dps.AuditEntry) error {
	if err := e.Storable(); err != nil {
		return err
	}
	e.Time, e.NotBefore, e.NotAfter = e.Time.UTC(), e.NotBefore.UTC(), e.NotAfter.UTC()
	data, err := encode(e)
	if err != nil {
		return err
	}
	hash := sha256.Sum256(data)
	key := []byte(e.RecordID + separator + e.Time.Format(auditTime) + separator + hex.EncodeToString(hash[:]))
	return s.updatePatiently(ctx, func(tx *bbolt.Tx) error { return tx.Bucket(bucketAudit).Put(key, data) })
}

// ListAudit implements dps.AuditStore.
func (s *Store) ListAudit(ctx context.Context, recordID string, p dps.Page) (entries []dps.AuditEntry, next string, err error) {
	after, err := decodeToken(p.Token)
	if err != nil {
		return nil, "", err
	}
	if dps.CheckKey("recordId", recordID) != nil {
		recordID = "" // whose audit is empty, as nothing can be stored under it
	}
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		next, err = scan(tx.Bucket(bucketAudit), []byte(recordID+separator), after, p.Limit(), func(_ string, value []byte) (int, error) {
			var e dps.AuditEntry
			if err := json.Unmarshal(value, &e); err != nil {
				return 0, err
			}
			entries = append(entries, e)
			return len(value), nil
		})
		return err
	})
	return entries, next, err
}
