package dynamodb

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"

	"dps/shared/dps"
)

const (
	// auditPrefix begins the sort key of an audit entry: "CERT#time#serial#hash".
	auditPrefix = "CERT#"
	// auditTime orders keys as times are ordered; always as long.
	auditTime = "2006-01-02T15:04:05.000000000Z"
	// hashSize makes it as good as impossible that two entries of one key, time and serial are taken for one.
	hashSize = 12 // bytes
	// maxSerial is twice what RFC 5280 §4.1.2.2 allows, in hexadecimal digits.
	maxSerial = 80
)

// encodeAudit gives the item of the entry. What its key says is no attribute once more: most entries so stay within the
// kilobyte that one write unit takes.
func encodeAudit(e dps.AuditEntry) (item, error) {
	if len(e.Serial) > maxSerial {
		return nil, dps.Errorf(dps.CodeInvalid, "serial: has %d digits, at most %d are allowed", len(e.Serial), maxSerial)
	}
	e.Time, e.NotBefore, e.NotAfter = e.Time.UTC(), e.NotBefore.UTC(), e.NotAfter.UTC()
	whole, err := json.Marshal(e)
	if err != nil {
		return nil, dps.Wrap(dps.CodeInvalid, err, "a time in it is outside the years 0 to 9999: check the clock it is from")
	}
	it, err := encode(e)
	if err != nil {
		return nil, err
	}
	for _, field := range []string{"time", "recordId", "serial"} {
		delete(it, field)
	}
	for field, t := range map[string]time.Time{"notBefore": e.NotBefore, "notAfter": e.NotAfter} {
		if t.IsZero() {
			delete(it, field)
		}
	}
	for field, v := range it {
		it[field] = packCertificates(v)
	}
	hash := sha256.Sum256(whole)
	it[PartitionKey] = text(kindRecord.prefix + e.RecordID)
	it[SortKey] = text(auditPrefix + e.Time.Format(auditTime) + "#" + e.Serial + "#" + base64.RawURLEncoding.EncodeToString(hash[:hashSize]))
	return it, checkSize("audit entry", it)
}

// decodeAudit is the inverse of encodeAudit.
func decodeAudit(recordID string, it item) (dps.AuditEntry, error) {
	unpacked := make(item, len(it))
	for name, v := range it {
		unpacked[name] = unpackCertificates(v)
	}
	e, err := decode[dps.AuditEntry](unpacked)
	if err != nil {
		return e, err
	}
	stamp, rest, _ := strings.Cut(strings.TrimPrefix(stringOf(it[SortKey]), auditPrefix), "#")
	if e.Time, err = time.Parse(auditTime, stamp); err != nil {
		return e, dps.Wrap(dps.CodeInternal, err, "what is stored in the database does not decode")
	}
	e.RecordID, e.Serial = recordID, rest[:max(0, strings.LastIndexByte(rest, '#'))]
	return e, nil
}
