package claim_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"dps/shared/claim"
	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/hubtest"
	"dps/shared/pki"
	"dps/shared/store/bolt"
)

const (
	groupID = "6aa14b3f-0a31-4c6a-a4ac-5d4b2d1f0001"
	hubID   = "hub-1"
	owner   = "owner"
)

var device = contract.Device{
	GroupID: groupID, HubID: hubID, Owner: owner,
	DeviceID: "00000000-cafe-4eaf-8eef-000000000001", RecordID: "00000000-cafe-4eaf-8eef-0000000000aa",
}

func newDesk(t *testing.T) (*claim.Desk, *bolt.Store, *hubtest.Clock) {
	t.Helper()
	store := hubtest.Must(bolt.Open(filepath.Join(t.TempDir(), "db")))(t)
	t.Cleanup(func() { _ = store.Close() })
	ca := hubtest.Must(pki.NewRoot("maker"))(t)
	for _, h := range []dps.Hub{{ID: hubID, Owner: owner}, {ID: "foreign", Owner: "another"}} {
		h.HubID, h.Gateways = "4ad4f4d6-3bd3-4d1c-b8ab-7e4ff3ba0001", []string{"hub:5684"}
		h.CertificateAuthority.Address = "ca:443"
		h.Authorization = dps.Authorization{OwnerClaim: "o", Provider: dps.OAuthProvider{Name: "n", ClientID: "c", Authority: "https://oauth"}}
		hubtest.Must(store.PutHub(t.Context(), h))(t)
	}
	hubtest.Must(store.PutGroup(t.Context(), dps.EnrollmentGroup{
		ID: groupID, Owner: owner, HubIDs: []string{hubID, "gone", "foreign"},
		X509: dps.X509Attestation{CertificateChain: string(ca.CertificatePEM())},
	}))(t)
	clock := hubtest.NewClock()
	return claim.NewDesk(store, clock.Now), store, clock
}

func TestSettle(t *testing.T) {
	desk, store, _ := newDesk(t)
	loud := device
	loud.DeviceID, loud.GroupID, loud.RecordID = strings.ToUpper(device.DeviceID), strings.ToUpper(groupID), strings.ToUpper(device.RecordID)
	for _, d := range []contract.Device{device, device, loud} {
		c, err := desk.Settle(t.Context(), d)
		if err != nil {
			t.Fatal(err)
		}
		if c.Device != device || c.Group.ID != groupID || c.Hub.ID != hubID {
			t.Fatalf("claim %+v", c)
		}
	}
	b, err := store.Binding(t.Context(), device.DeviceID)
	if err != nil || b.RecordID != device.RecordID || b.Owner != owner || b.GroupID != groupID || b.Created.IsZero() {
		t.Fatalf("binding %+v, %v", b, err)
	}
}

func TestSettleRefuses(t *testing.T) {
	long := strings.Repeat("x", dps.MaxNameLength+1)
	tests := []struct {
		name   string
		change func(*contract.Device)
		code   dps.Code
		want   string
	}{
		{"no device id", func(d *contract.Device) { d.DeviceID = "" }, dps.CodeInvalid, "device.deviceId"},
		{"nil device id", func(d *contract.Device) { d.DeviceID = dps.NilUUID }, dps.CodeInvalid, "device.deviceId"},
		{"bad record id", func(d *contract.Device) { d.RecordID = "x" }, dps.CodeInvalid, "device.recordId"},
		{"bad group id", func(d *contract.Device) { d.GroupID = long }, dps.CodeInvalid, "device.groupId"},
		{"no hub id", func(d *contract.Device) { d.HubID = "" }, dps.CodeInvalid, "device.hubId"},
		{"long hub id", func(d *contract.Device) { d.HubID = long }, dps.CodeInvalid, "device.hubId"},
		{"no owner", func(d *contract.Device) { d.Owner = "" }, dps.CodeInvalid, "device.owner"},
		{"long owner", func(d *contract.Device) { d.Owner = long }, dps.CodeInvalid, "device.owner"},
		{"group is gone", func(d *contract.Device) { d.GroupID = device.DeviceID }, dps.CodeNotFound, "enrollment group"},
		{"another owner", func(d *contract.Device) { d.Owner = "another" }, dps.CodeNotFound, "another owner"},
		{"hub is not the group's", func(d *contract.Device) { d.HubID = "elsewhere" }, dps.CodeNotFound, "does not list"},
		{"hub is gone", func(d *contract.Device) { d.HubID = "gone" }, dps.CodeNotFound, "hub gone"},
		{"hub of another owner", func(d *contract.Device) { d.HubID = "foreign" }, dps.CodeNotFound, "hub foreign"},
	}
	desk, store, _ := newDesk(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d := device
			tt.change(&d)
			_, err := desk.Settle(t.Context(), d)
			if dps.CodeOf(err) != tt.code || !strings.Contains(dps.AsError(err).Message, tt.want) {
				t.Fatalf("error %v, want %s with %q", err, tt.code, tt.want)
			}
		})
	}
	if _, err := store.Binding(t.Context(), device.DeviceID); dps.CodeOf(err) != dps.CodeNotFound {
		t.Errorf("a refused claim has bound the device: %v", err)
	}
}

func TestForeignDeviceIDIsDeniedAndAudited(t *testing.T) {
	desk, store, clock := newDesk(t)
	hubtest.Must(desk.Settle(t.Context(), device))(t)
	thief := device
	thief.RecordID = "00000000-cafe-4eaf-8eef-0000000000bb"
	clock.Advance(time.Hour - clock.Now().Sub(clock.Now().Truncate(time.Hour))) // to the hour
	for range 5 {
		_, err := desk.Settle(t.Context(), thief)
		if dps.CodeOf(err) != dps.CodeDenied || !strings.Contains(err.Error(), "another manufacturer key") {
			t.Fatalf("error %v, want denied", err)
		}
		clock.Advance(time.Minute)
	}
	entries, _, err := store.ListAudit(context.Background(), thief.RecordID, dps.Page{})
	if err != nil || len(entries) != 1 {
		t.Fatalf("%d entries, %v; want one an hour", len(entries), err)
	}
	if e := entries[0]; e.Event != dps.AuditBindingDenied || e.DeviceID != device.DeviceID || e.Owner != owner || !strings.Contains(e.Detail, device.RecordID) {
		t.Fatalf("entry %+v", e)
	}
	if b := hubtest.Must(store.Binding(t.Context(), device.DeviceID))(t); b.RecordID != device.RecordID {
		t.Fatalf("binding %+v", b)
	}
	hubtest.Must(desk.Settle(t.Context(), device))(t) // the first is still served
}

// TestComingAgain: the group's policy decides, by what the record tells of the device's last life.
func TestComingAgain(t *testing.T) {
	const other = "00000000-cafe-4eaf-8eef-000000000002"
	step := func(step dps.Step, code, deviceID, of string, at time.Time) dps.StepResult {
		return dps.StepResult{
			EventID: dps.NewUUID(), Time: at, RecordID: device.RecordID, GroupID: groupID, Owner: of, Step: step, CoAPCode: code, DeviceID: deviceID,
		}
	}
	for _, tt := range []struct {
		name        string
		policy      dps.Reprovisioning
		deviceID    string // that comes now; provisioned was device.DeviceID
		lastStep    string // its code; "": the device never came so far
		certificate string
		owner       string
		later       time.Duration
		denied      string
	}{
		{"allowed", "", other, "2.04", "2.04", owner, time.Hour, ""},
		{"allowed by name", dps.ReprovisionAllow, other, "2.04", "2.04", owner, time.Hour, ""},
		{"same id", dps.ReprovisionSameDeviceID, device.DeviceID, "2.04", "2.04", owner, time.Hour, ""},
		{"another id", dps.ReprovisionSameDeviceID, other, "2.04", "2.04", owner, time.Hour, device.DeviceID},
		{"another id, under once", dps.ReprovisionOnce, other, "", "2.04", owner, time.Second, device.DeviceID},
		{"once", dps.ReprovisionOnce, device.DeviceID, "2.04", "2.04", owner, time.Hour, "every step"},
		{"once, at once", dps.ReprovisionOnce, device.DeviceID, "2.04", "2.04", owner, time.Minute, ""},
		{"once, but it never finished", dps.ReprovisionOnce, device.DeviceID, "", "2.04", owner, time.Hour, ""},
		{"once, but the last step failed", dps.ReprovisionOnce, device.DeviceID, "5.00", "2.04", owner, time.Hour, ""},
		{"no certificate yet", dps.ReprovisionOnce, other, "2.04", "5.03", owner, time.Hour, ""},
		{"another owner's life", dps.ReprovisionOnce, other, "2.04", "2.04", "another", time.Hour, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			desk, store, clock := newDesk(t)
			g := hubtest.Must(store.Group(t.Context(), groupID))(t)
			g.Reprovision = tt.policy
			hubtest.Must(store.PutGroup(t.Context(), g))(t)
			results := []dps.StepResult{step(dps.StepCredentials, tt.certificate, device.DeviceID, tt.owner, clock.Now())}
			if tt.lastStep != "" {
				results = append(results, step(dps.StepACLs, tt.lastStep, device.DeviceID, tt.owner, clock.Now()))
			}
			hubtest.Must(store.MergeResults(t.Context(), results))(t)
			clock.Advance(tt.later)
			again := device
			again.DeviceID = tt.deviceID
			_, err := desk.Settle(t.Context(), again)
			if tt.denied == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			if dps.CodeOf(err) != dps.CodeDenied || !strings.Contains(err.Error(), tt.denied) {
				t.Fatalf("error %v", err)
			}
			entries, _, err := store.ListAudit(t.Context(), device.RecordID, dps.Page{})
			if err != nil || len(entries) != 1 || entries[0].Event != dps.AuditReprovisioningDenied || !strings.Contains(entries[0].Detail, tt.denied) {
				t.Errorf("audit %+v, %v", entries, err)
			}
			if _, err := store.Binding(t.Context(), again.DeviceID); dps.CodeOf(err) != dps.CodeNotFound {
				t.Errorf("a refused device was bound: %v", err)
			}
			if err := store.DeleteRecord(t.Context(), device.RecordID); err != nil {
				t.Fatal(err)
			}
			if _, err := desk.Settle(t.Context(), again); err != nil {
				t.Errorf("after its record was deleted: %v", err)
			}
		})
	}
}

func TestClosedGroups(t *testing.T) {
	desk, store, _ := newDesk(t)
	for _, change := range []func(*dps.EnrollmentGroup){
		func(g *dps.EnrollmentGroup) { g.Disabled = true },
		func(g *dps.EnrollmentGroup) { g.Disabled, g.Challenge = false, "prove it" },
	} {
		g := hubtest.Must(store.Group(t.Context(), groupID))(t)
		change(&g)
		hubtest.Must(store.PutGroup(t.Context(), g))(t)
		if _, err := desk.Settle(t.Context(), device); dps.CodeOf(err) != dps.CodeDenied {
			t.Errorf("%s: %v", g.Closed(), err)
		}
	}
}
