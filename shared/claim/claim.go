// Package claim settles for whom a token or a certificate is asked, before one is made: the group and the hub are there and
// belong together, and the device id belongs to the manufacturer key that asks.
package claim

import (
	"context"
	"slices"
	"time"

	"dps/shared/contract"
	"dps/shared/dps"
)

// Store is what claims are settled by.
type Store interface {
	// Group is dps.GroupStore's.
	Group(ctx context.Context, id string) (dps.EnrollmentGroup, error)
	// Hub is dps.HubStore's.
	Hub(ctx context.Context, id string) (dps.Hub, error)
	// Record is dps.RecordStore's.
	Record(ctx context.Context, id string) (dps.Record, error)
	// ClaimDevice is dps.BindingStore's.
	ClaimDevice(ctx context.Context, b dps.DeviceBinding) (dps.DeviceBinding, error)
	// AppendAudit is dps.AuditStore's.
	AppendAudit(ctx context.Context, e dps.AuditEntry) error
}

// Claim is a settled claim.
type Claim struct {
	Device contract.Device // its UUIDs in canonical form
	Group  dps.EnrollmentGroup
	Hub    dps.Hub
}

// Desk settles claims.
type Desk struct {
	store Store
	now   func() time.Time
}

// NewDesk makes a desk.
func NewDesk(store Store, now func() time.Time) *Desk { return &Desk{store: store, now: now} }

// Settle checks the claim and binds the device id to the manufacturer key unless it is bound. Settling it again changes
// nothing. Errors: CodeInvalid, naming the field; CodeNotFound where group or hub is gone, or not the owner's; CodeDenied
// where the device id belongs to another manufacturer key, or the group does not let the device come again, which is written to
// the audit; CodeUnavailable.
func (d *Desk) Settle(ctx context.Context, device contract.Device) (Claim, error) {
	device, err := canonical(device)
	if err != nil {
		return Claim{}, err
	}
	c := Claim{Device: device}
	if c.Group, err = d.group(ctx, device); err != nil {
		return Claim{}, err
	}
	if c.Hub, err = d.hub(ctx, device, c.Group); err != nil {
		return Claim{}, err
	}
	if err := d.mayComeAgain(ctx, device, c.Group); err != nil {
		return Claim{}, err
	}
	return c, d.bind(ctx, device)
}

func (d *Desk) group(ctx context.Context, device contract.Device) (dps.EnrollmentGroup, error) {
	g, err := d.store.Group(ctx, device.GroupID)
	switch {
	case dps.CodeOf(err) == dps.CodeNotFound, err == nil && g.Owner != device.Owner:
		return dps.EnrollmentGroup{}, dps.Errorf(dps.CodeNotFound, "enrollment group %s does not exist, or belongs to another owner now", device.GroupID)
	case err == nil && g.Closed() != "":
		return dps.EnrollmentGroup{}, dps.Errorf(dps.CodeDenied, "enrollment group %s lets no device in: %s", device.GroupID, g.Closed())
	}
	return g, err
}

func (d *Desk) hub(ctx context.Context, device contract.Device, g dps.EnrollmentGroup) (dps.Hub, error) {
	if !slices.Contains(g.HubIDs, device.HubID) {
		return dps.Hub{}, dps.Errorf(dps.CodeNotFound, "enrollment group %s does not list hub %s any more", g.ID, device.HubID)
	}
	h, err := d.store.Hub(ctx, device.HubID)
	switch {
	case dps.CodeOf(err) == dps.CodeNotFound, err == nil && h.Owner != g.Owner:
		return dps.Hub{}, dps.Errorf(dps.CodeNotFound, "hub %s does not exist, or belongs to another owner", device.HubID)
	}
	return h, err
}

// bind comes before anything is made for the device: otherwise the first to ask could have a token, or a certificate, for
// a device id that is not his.
func (d *Desk) bind(ctx context.Context, device contract.Device) error {
	standing, err := d.store.ClaimDevice(ctx, dps.DeviceBinding{
		DeviceID: device.DeviceID, RecordID: device.RecordID, Owner: device.Owner, GroupID: device.GroupID, Created: d.now().UTC(),
	})
	if dps.CodeOf(err) != dps.CodeConflict {
		return err
	}
	if err := d.store.AppendAudit(ctx, d.denial(device, bound(device, standing))); err != nil {
		return err
	}
	return dps.Errorf(dps.CodeDenied, "device id %s belongs to another manufacturer key: an operator can release it", device.DeviceID)
}

// bound says whose the device id is; another owner may not be known to this one.
func bound(device contract.Device, standing dps.DeviceBinding) string {
	if standing.Owner != device.Owner {
		return "bound to a manufacturer key of another owner"
	}
	return "bound to manufacturer key " + standing.RecordID
}

// denial is dated to the hour, which makes it the same entry, kept once, however often the device comes again. The time
// of each try is in the record.
func (d *Desk) denial(device contract.Device, detail string) dps.AuditEntry {
	return dps.AuditEntry{
		Time: d.now().UTC().Truncate(time.Hour), Event: dps.AuditBindingDenied,
		RecordID: device.RecordID, DeviceID: device.DeviceID, Owner: device.Owner, GroupID: device.GroupID, HubID: device.HubID,
		Detail: detail,
	}
}
