package bolt

import (
	"bytes"
	"encoding/binary"
	"math"
	"strings"
	"time"

	"go.etcd.io/bbolt"

	"dps/shared/dps"
)

// A record's summary is the value of its key among its owner's records: finding and counting read these, and no record. Its form:
// version, state, time of change (Unix seconds, and nanoseconds), then group, device id and common name, each behind its length.
const (
	summaryVersion = 1
	summaryHead    = 1 + 1 + 8 + 4
)

var summaryStates = dps.RecordStates()

func encodeSummary(s dps.RecordSummary) []byte {
	state := byte(0)
	for i, known := range summaryStates {
		if s.State == known {
			state = byte(i)
		}
	}
	out := make([]byte, 0, summaryHead+3*2+len(s.GroupID)+len(s.DeviceID)+len(s.CommonName))
	out = append(out, summaryVersion, state)
	out = binary.BigEndian.AppendUint64(out, uint64(s.Updated.Unix()))       //nolint:gosec // and back
	out = binary.BigEndian.AppendUint32(out, uint32(s.Updated.Nanosecond())) //nolint:gosec // under a billion
	for _, text := range []string{s.GroupID, s.DeviceID, s.CommonName} {
		text = text[:min(len(text), math.MaxUint16)]
		out = binary.BigEndian.AppendUint16(out, uint16(len(text))) //nolint:gosec // bounded
		out = append(out, text...)
	}
	return out
}

// decodeSummary is the inverse; ok is false where data is none. Groups repeat, and share their text.
func decodeSummary(id, data []byte, groups map[string]string) (s dps.RecordSummary, ok bool) {
	if s.State, s.Updated, ok = stateAndTime(data); !ok {
		return s, false
	}
	s.ID = string(id)
	rest := data[summaryHead:]
	var texts [3][]byte
	for i := range texts {
		if len(rest) < 2 {
			return s, false
		}
		n := int(binary.BigEndian.Uint16(rest))
		if rest = rest[2:]; len(rest) < n {
			return s, false
		}
		texts[i], rest = rest[:n], rest[n:]
	}
	group, known := groups[string(texts[0])]
	if !known {
		group = string(texts[0])
		groups[group] = group
	}
	s.GroupID, s.DeviceID, s.CommonName = group, string(texts[1]), string(texts[2])
	return s, len(rest) == 0
}

// putSummary files the record under its owner.
func putSummary(tx *bbolt.Tx, rec dps.Record) error {
	return tx.Bucket(bucketOwner).Put(ownerKey(rec.Owner, bucketRecords, rec.ID), encodeSummary(rec.Summary()))
}

// stateAndTime reads the two that most records are passed over by, which costs nothing; ok is false where data is no summary.
func stateAndTime(data []byte) (state dps.RecordState, updated time.Time, ok bool) {
	if len(data) < summaryHead || data[0] != summaryVersion || int(data[1]) >= len(summaryStates) {
		return "", time.Time{}, false
	}
	seconds, nanos := binary.BigEndian.Uint64(data[2:]), binary.BigEndian.Uint32(data[10:])
	return summaryStates[data[1]], time.Unix(int64(seconds), int64(nanos)).UTC(), true //nolint:gosec // as it was put in
}

// summaries visits those of an owner's records, in the order of their ids, until visit returns false. Those that skip passes over
// by state and time are not even read; nil: none.
func summaries(tx *bbolt.Tx, owner string, skip func(dps.RecordState, time.Time) bool, visit func(dps.RecordSummary) bool) error {
	prefix, groups := ownerKey(owner, bucketRecords, ""), make(map[string]string)
	c := tx.Bucket(bucketOwner).Cursor()
	for k, v := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		if state, updated, ok := stateAndTime(v); ok && skip != nil && skip(state, updated) {
			continue
		}
		s, ok := decodeSummary(k[len(prefix):], v, groups)
		if !ok { // of a later version, or damaged: the record itself knows
			rec, found, err := get[dps.Record](tx, bucketRecords, string(k[len(prefix):]))
			if err != nil {
				return err
			}
			if !found {
				continue
			}
			s = rec.Summary()
		}
		if !visit(s) {
			return nil
		}
	}
	return nil
}

// addSummaries gives summaries to the records of a file that is from before there were any.
func addSummaries(tx *bbolt.Tx) error {
	var without []string
	c := tx.Bucket(bucketOwner).Cursor()
	for k, v := c.First(); k != nil; k, v = c.Next() {
		parts := strings.Split(string(k), separator)
		if len(v) == 0 && len(parts) == 3 && parts[1] == string(bucketRecords) {
			without = append(without, parts[2])
		}
	}
	for _, id := range without {
		rec, found, err := get[dps.Record](tx, bucketRecords, id)
		if err != nil || !found { // one that does not decode says so where it is read; the others are needed nevertheless
			continue
		}
		if err := putSummary(tx, rec); err != nil {
			return err
		}
	}
	return nil
}
