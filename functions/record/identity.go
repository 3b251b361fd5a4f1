package record

import (
	"strconv"

	"dps/shared/dps"
)

// Bounds on what identifies a result.
const (
	maxEventIDLength = 128 // bytes
	maxCodeLength    = 4   // "2.05"
)

// identified gives the result with its ids in canonical form. Errors: CodeInvalid, naming the field.
func identified(r dps.StepResult) (dps.StepResult, error) {
	var err error
	if r.RecordID, err = uuid("recordId", r.RecordID); err != nil {
		return r, err
	}
	if r.GroupID, err = uuid("groupId", r.GroupID); err != nil {
		return r, err
	}
	if r.DeviceID != "" {
		if r.DeviceID, err = uuid("deviceId", r.DeviceID); err != nil {
			return r, err
		}
	}
	switch {
	case r.EventID == "" || len(r.EventID) > maxEventIDLength:
		return r, dps.Errorf(dps.CodeInvalid, "eventId: has %d bytes, want 1 to %d", len(r.EventID), maxEventIDLength)
	case r.Owner == "" || len(r.Owner) > dps.MaxNameLength:
		return r, dps.Errorf(dps.CodeInvalid, "owner: has %d bytes, want 1 to %d", len(r.Owner), dps.MaxNameLength)
	case r.Time.IsZero():
		return r, dps.Errorf(dps.CodeInvalid, "time: must be set")
	case !isStep(r.Step):
		return r, dps.Errorf(dps.CodeInvalid, "step: %s is not a step", quote(string(r.Step)))
	case len(r.CoAPCode) > maxCodeLength:
		return r, dps.Errorf(dps.CodeInvalid, "coapCode: %s is not of the form 2.05", quote(r.CoAPCode))
	}
	return r, nil
}

func uuid(field, value string) (string, error) {
	u, ok := dps.ParseUUID(value)
	if !ok {
		return "", dps.Errorf(dps.CodeInvalid, "%s: %s is not a UUID", field, quote(value))
	}
	return u, nil
}

func isStep(s dps.Step) bool {
	switch s {
	case dps.StepAttestation, dps.StepTime, dps.StepOwnership, dps.StepCloudConfiguration,
		dps.StepCredentials, dps.StepACLs, dps.StepLocalEndpoints:
		return true
	default:
		return false
	}
}

func quote(s string) string { return strconv.Quote(s[:min(len(s), 64)]) }
