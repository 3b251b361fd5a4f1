package claim

import (
	"context"
	"time"

	"dps/shared/contract"
	"dps/shared/dps"
)

// retryWindow is how long after its last step a device may still come again under ReprovisionOnce: it may not have heard the
// answer.
const retryWindow = 10 * time.Minute

// mayComeAgain applies the group's policy to a device that was provisioned before, as its record tells. Records come a moment
// late, so that the policy counts from then on. Errors: CodeDenied, which is written to the audit; CodeUnavailable.
func (d *Desk) mayComeAgain(ctx context.Context, device contract.Device, g dps.EnrollmentGroup) error {
	if g.Reprovision == "" || g.Reprovision == dps.ReprovisionAllow {
		return nil
	}
	rec, err := d.store.Record(ctx, device.RecordID)
	if dps.CodeOf(err) == dps.CodeNotFound {
		return nil
	}
	if err != nil {
		return err
	}
	why := d.refusal(rec, device, g.Reprovision)
	if why == "" {
		return nil
	}
	e := d.denial(device, why)
	e.Event = dps.AuditReprovisioningDenied
	if err := d.store.AppendAudit(ctx, e); err != nil {
		return err
	}
	return dps.Errorf(dps.CodeDenied, "the enrollment group does not let the device come again: %s; an operator can delete its record", why)
}

// refusal says why the device may not come again; "" where it may. A record of another owner is of the key's former life.
func (d *Desk) refusal(rec dps.Record, device contract.Device, policy dps.Reprovisioning) string {
	before, known := certified(rec)
	if !known || rec.Owner != device.Owner {
		return ""
	}
	if before != device.DeviceID {
		return "its manufacturer key was provisioned as device " + before
	}
	last := rec.Steps[dps.StepACLs]
	if policy == dps.ReprovisionOnce && last.CoAPCode != "" && !last.Failed() && d.now().Sub(last.Time) > retryWindow {
		return "it went through every step on " + last.Time.UTC().Format(time.RFC3339)
	}
	return ""
}

// certified gives the device id that the key was last given a certificate for. What a refused attempt asked for does not count.
func certified(rec dps.Record) (deviceID string, known bool) {
	r, ok := rec.Steps[dps.StepCredentials]
	if !ok || r.Failed() || r.DeviceID == "" {
		return "", false
	}
	return r.DeviceID, true
}
