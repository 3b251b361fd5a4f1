package plgd

import "dps/shared/dps"

// The states of a record.
const (
	StatePending = "pending" // under way, or gone quiet before the end
	StateOK      = "ok"      // every step was done
	StateFailed  = "failed"  // the last result of some step is an error
)

// needed are the steps without which a device is not provisioned.
var needed = [...]dps.Step{dps.StepOwnership, dps.StepCloudConfiguration, dps.StepCredentials, dps.StepACLs}

// StateOf tells how the device fares.
func StateOf(r dps.Record) string {
	for _, s := range r.Steps {
		if s.Failed() {
			return StateFailed
		}
	}
	for _, step := range needed {
		if _, done := r.Steps[step]; !done {
			return StatePending
		}
	}
	return StateOK
}
