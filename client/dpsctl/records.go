package dpsctl

import (
	"context"
	"maps"
	"slices"

	"dps/shared/dps"
)

var records = resource[dps.Record]{
	singular: "record", plural: "records",
	example: `  dpsctl get records --config dps.yaml
  dpsctl get records --state failed --search 8b0e -o wide
  dpsctl get records 763e6d6f-d9a2-41da-a0f1-269e9cc84ce2 -o yaml --table dps    # a record's id or a device's`,
	columns: []column[dps.Record]{
		{"ID", false, func(r dps.Record) string { return r.ID }},
		{"DEVICE", false, func(r dps.Record) string { return r.DeviceID }},
		{"COMMON NAME", false, commonName},
		{"OWNER", false, func(r dps.Record) string { return r.Owner }},
		{"LAST STEP", false, func(r dps.Record) string { return string(lastStep(r).Step) }},
		{"RESULT", false, func(r dps.Record) string { return outcome(lastStep(r)) }},
		{"UPDATED", false, func(r dps.Record) string { return when(r.Updated) }},
		{"CREATED", true, func(r dps.Record) string { return when(r.Created) }},
		{"GROUP", true, func(r dps.Record) string { return r.GroupID }},
		{"ADDRESS", true, remoteAddress},
		{"ERROR", true, func(r dps.Record) string { return lastStep(r).ErrorMessage }},
	},
	get:     recordOrDevice,
	list:    listRecords,
	filters: registerFilters,
	id:      func(r dps.Record) string { return r.ID },
	owner:   func(r dps.Record) string { return r.Owner },
	shown:   func(r dps.Record) dps.Record { return r },
}

// recordOrDevice gives the record with the id, or that of the manufacturer key that holds the device id.
func recordOrDevice(ctx context.Context, s store, id string) (dps.Record, error) {
	r, err := s.Record(ctx, id)
	if dps.CodeOf(err) != dps.CodeNotFound {
		return r, err
	}
	b, err := s.Binding(ctx, id)
	if err != nil {
		return dps.Record{}, err
	}
	return s.Record(ctx, b.RecordID)
}

// lastStep gives the latest result; of results at the same time, that with the later event id.
func lastStep(r dps.Record) dps.StepResult {
	var last dps.StepResult
	for _, step := range slices.Sorted(maps.Keys(r.Steps)) {
		if result := r.Steps[step]; last.Step == "" || result.After(last) {
			last = result
		}
	}
	return last
}

// outcome is ok or failed, with the code the device was answered.
func outcome(r dps.StepResult) string {
	code := ""
	if r.CoAPCode != "" {
		code = " " + r.CoAPCode
	}
	switch {
	case r.Step == "":
		return ""
	case r.Failed():
		return "failed" + code
	default:
		return "ok" + code
	}
}

func commonName(r dps.Record) string {
	if a := r.Steps[dps.StepAttestation].Attestation; a != nil {
		return a.CommonName
	}
	return ""
}

func remoteAddress(r dps.Record) string {
	if a := r.Steps[dps.StepAttestation].Attestation; a != nil {
		return a.RemoteAddress
	}
	return ""
}
