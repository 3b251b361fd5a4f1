package dynamodb

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dps/shared/dps"
)

const (
	// stepPrefix begins the attribute of a step's latest result: "STEP#cloud".
	stepPrefix = "STEP#"
	// revision is new with every write: what a condition compares, and how a write knows itself. A counter would begin again
	// after a deletion, and let a write through that had read the record before it.
	revision = "revision"
)

// shared are the fields that a step's result mostly has in common with its record, by their names in the result and in the
// record; they are stored in the step where they differ.
var shared = map[string]string{"recordId": IDKey, "owner": "owner", "groupId": "groupId", "deviceId": "deviceId"}

// encodeRecord gives the item of the record: its own fields, and an attribute for each step.
func encodeRecord(rec dps.Record) (item, error) {
	steps, summary := rec.Steps, rec.Summary()
	rec.Steps = nil
	it, err := encode(rec)
	if err != nil {
		return nil, err
	}
	delete(it, "steps")
	for name, r := range steps {
		step, err := encode(r)
		if err != nil {
			return nil, err
		}
		leaveOut(step, it)
		it[stepPrefix+string(name)] = packCertificates(&types.AttributeValueMemberM{Value: step})
	}
	it[PartitionKey], it[SortKey], it[revision] = text(kindRecord.prefix+rec.ID), text(meta), text(dps.NewUUID())
	kindRecord.listed(it, rec.Owner, rec.ID)
	indexed(it, rec.Owner, summary)
	return it, checkSize(kindRecord.what, it)
}

// decodeRecord is the inverse of encodeRecord; no item gives an empty record.
func decodeRecord(it item) (dps.Record, error) {
	rec, err := decode[dps.Record](it)
	if err != nil {
		return rec, err
	}
	for name, v := range it {
		name, isStep := strings.CutPrefix(name, stepPrefix)
		m, isMap := unpackCertificates(v).(*types.AttributeValueMemberM)
		if !isStep || !isMap {
			continue
		}
		putBack(m.Value, it)
		r, err := decode[dps.StepResult](m.Value)
		if err != nil {
			return rec, err
		}
		if rec.Steps == nil {
			rec.Steps = make(map[dps.Step]dps.StepResult)
		}
		r.Step = dps.Step(name)
		rec.Steps[r.Step] = r
	}
	return rec, nil
}

// leaveOut removes from the step what the record says as well. A step without a field that the record has says so: "".
func leaveOut(step, rec item) {
	delete(step, "step")
	for field, of := range shared {
		switch mine := stringOf(step[field]); mine {
		case stringOf(rec[of]):
			delete(step, field)
		case "":
			step[field] = text("")
		}
	}
}

// putBack is the inverse of leaveOut.
func putBack(step, rec item) {
	for field, of := range shared {
		if v, ok := rec[of]; ok && step[field] == nil {
			step[field] = v
		}
	}
}
