package bolt_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"dps/shared/dps"
	"dps/shared/store/bolt"
)

// aged is a file with n records whose summaries are rewritten as change says: nil is how a file from before there were any has them.
func aged(t *testing.T, n int, change func(i int, summary []byte) []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "dps.db")
	s, err := bolt.Open(path)
	must(t, err)
	var results []dps.StepResult
	for i := range n {
		results = append(results, dps.StepResult{
			EventID: "e", Time: time.Unix(int64(i), 5), RecordID: fmt.Sprintf("%03d", i), Owner: "o", GroupID: "g", DeviceID: fmt.Sprint("d", i), Step: dps.StepAttestation,
			Attestation: &dps.AttestationDetail{CommonName: fmt.Sprint("Lamp ", i)},
		})
	}
	_, err = s.MergeResults(t.Context(), results)
	must(t, err)
	must(t, s.Close())
	inside(t, path, func(tx *bbolt.Tx) {
		owners := tx.Bucket([]byte("owner"))
		for i := range n {
			key := []byte("o\x00records\x00" + fmt.Sprintf("%03d", i))
			must(t, owners.Put(key, change(i, bytes.Clone(owners.Get(key)))))
		}
	})
	return path
}

// inside changes the file behind the store's back.
func inside(t *testing.T, path string, change func(tx *bbolt.Tx)) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	must(t, db.Update(func(tx *bbolt.Tx) error { change(tx); return nil }))
	must(t, db.Close())
}

// wantSummarized holds the store to the records of aged: by a query, and by their summaries.
func wantSummarized(t *testing.T, s *bolt.Store, n int) {
	t.Helper()
	records, next, err := s.FindRecords(t.Context(), dps.RecordQuery{Owner: "o", Prefix: "LAMP"}, dps.Page{})
	must(t, err)
	if len(records) != n || next != "" {
		t.Errorf("%d found, token %q, want %d", len(records), next, n)
	}
	var got []dps.RecordSummary
	must(t, s.SummarizeRecords(t.Context(), "o", func(s dps.RecordSummary) bool { got = append(got, s); return true }))
	var want []dps.RecordSummary
	for _, rec := range records {
		want = append([]dps.RecordSummary{rec.Summary()}, want...)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestFilesWithoutSummariesGetThem: once, when they are opened; and one that is partly so, too.
func TestFilesWithoutSummariesGetThem(t *testing.T) {
	for name, change := range map[string]func(int, []byte) []byte{
		"none": func(int, []byte) []byte { return nil },
		"half": func(i int, summary []byte) []byte {
			if i%2 == 0 {
				return nil
			}
			return summary
		},
	} {
		t.Run(name, func(t *testing.T) {
			path := aged(t, 50, change)
			s, err := bolt.Open(path)
			must(t, err)
			wantSummarized(t, s, 50)
			must(t, s.Close())
			inside(t, path, func(tx *bbolt.Tx) {
				must(t, tx.Bucket([]byte("owner")).ForEach(func(k, v []byte) error {
					if len(v) == 0 {
						t.Errorf("%q has no summary", k)
					}
					return nil
				}))
			})
		})
	}
}

// TestSummariesThatAreNone: of a later version, cut off, too long, or with a length that points beyond the end. The record knows.
func TestSummariesThatAreNone(t *testing.T) {
	path := aged(t, 50, func(i int, summary []byte) []byte {
		switch i % 6 {
		case 0:
			summary[0]++
		case 1:
			return summary[:len(summary)-1]
		case 2:
			return append(summary, 0)
		case 3:
			summary[14], summary[15] = 0xFF, 0xFF
		case 4:
			return summary[:1+i%13]
		}
		return summary
	})
	wantSummarized(t, open(t, path), 50)
}

// TestOldFilesWithARecordThatDoesNotDecode are opened: one value that a dying disk has spoiled costs its own record alone.
func TestOldFilesWithARecordThatDoesNotDecode(t *testing.T) {
	path := aged(t, 3, func(int, []byte) []byte { return nil })
	inside(t, path, func(tx *bbolt.Tx) { must(t, tx.Bucket([]byte("records")).Put([]byte("001"), []byte("{"))) })
	s := open(t, path)
	_, err := s.Record(t.Context(), "001")
	wantCode(t, err, dps.CodeUnavailable)
	if rec, err := s.Record(t.Context(), "002"); err != nil || rec.DeviceID != "d2" {
		t.Errorf("%+v, %v", rec, err)
	}
}
