package bolt_test

import (
	"bytes"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"dps/shared/dps"
	"dps/shared/store/bolt"
)

// TestSummariesOfAnOlderFile: a file from before there were summaries gets them when it is opened; one that is damaged is not
// needed to find its record.
func TestSummariesOfAnOlderFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dps.db")
	s, err := bolt.Open(path)
	must(t, err)
	at := time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
	for _, id := range []string{"a", "b", "c"} {
		_, err := s.MergeResults(t.Context(), []dps.StepResult{{
			EventID: "e", Time: at, RecordID: id, GroupID: "g", Owner: "o", Step: dps.StepAttestation, DeviceID: "device " + id,
			Attestation: &dps.AttestationDetail{CommonName: "Lamp " + id},
		}})
		must(t, err)
	}
	must(t, s.Close())
	for name, spoil := range map[string]func(key []byte) []byte{
		"none at all":   func([]byte) []byte { return nil },
		"damaged":       func(key []byte) []byte { return bytes.Repeat([]byte{1}, 13+len(key)%3) },
		"of the future": func([]byte) []byte { return []byte{99, 0, 0} },
	} {
		db, err := bbolt.Open(path, 0o600, nil)
		must(t, err)
		must(t, db.Update(func(tx *bbolt.Tx) error {
			for _, id := range []string{"a", "b", "c"} {
				key := []byte("o\x00records\x00" + id)
				if err := tx.Bucket([]byte("owner")).Put(key, spoil(key)); err != nil {
					return err
				}
			}
			return nil
		}))
		must(t, db.Close())
		s, err := bolt.Open(path)
		must(t, err)
		for _, q := range []dps.RecordQuery{{Owner: "o", DeviceIDs: []string{"device b"}}, {Owner: "o", Prefix: "lamp B"}, {Owner: "o", Prefix: "b", UpdatedFrom: at}} {
			found, _, err := s.FindRecords(t.Context(), q, dps.Page{})
			if err != nil || len(found) != 1 || found[0].ID != "b" {
				t.Errorf("%s: %+v finds %d, %v", name, q, len(found), err)
			}
		}
		must(t, s.Close())
	}
}
