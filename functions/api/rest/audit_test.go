package rest_test

import (
	"testing"
	"time"

	"dps/shared/dps"
	"dps/shared/hubtest"
)

func TestAudit(t *testing.T) {
	w := newWorld(t, nil)
	for i, owner := range []string{alice, bob, alice} {
		if err := w.store.AppendAudit(t.Context(), dps.AuditEntry{
			Time: seededTime.Add(time.Duration(i) * time.Second), Event: dps.AuditIssued, RecordID: seededRecord, DeviceID: seededDevice, Owner: owner,
			GroupID: seededGroup, HubID: seededHub, Serial: "0a", NotBefore: seededTime, NotAfter: seededTime.Add(time.Hour), CertificatePEM: "PEM",
		}); err != nil {
			t.Fatal(err)
		}
	}
	target := pathRecords + "/" + seededRecord + "/audit"
	all := w.extended(alice, "GET", target, "").do(200)
	if items, _ := all.get("items").([]any); len(items) != 2 || all.get("items", 0, "event") != "issued" || all.get("items", 1, "time") != "2026-11-23T12:00:02.123456789Z" {
		t.Errorf("%s", all.body)
	}
	first := w.extended(alice, "GET", target+"?pageSize=1", "").do(200)
	next, _ := first.get("nextPageToken").(string)
	second := w.extended(alice, "GET", target+"?pageSize=2&pageToken="+next, "").do(200)
	if items, _ := second.get("items").([]any); len(items) != 1 || second.get("nextPageToken") != "" {
		t.Errorf("%s", second.body)
	}
	w.extended(alice, "GET", target+"?pageToken=x", "").do(400)
	w.extended(alice, "GET", pathRecords+"/none/audit", "").do(404)
	w.seed(t)
	if err := w.store.DeleteRecord(t.Context(), seededRecord); err != nil {
		t.Fatal(err)
	}
	w.extended(alice, "GET", target, "").do(200) // it outlives the record
	w.extended("carol", "GET", target, "").do(404)
}

func TestBindings(t *testing.T) {
	w := newWorld(t, nil)
	hubtest.Must(w.store.ClaimDevice(t.Context(), dps.DeviceBinding{DeviceID: seededDevice, RecordID: seededRecord, Owner: alice, GroupID: seededGroup, Created: seededTime}))(t)
	target := "/api/v1/device-bindings/" + seededDevice
	if b := w.extended(alice, "GET", target, "").do(200); b.get("recordId") != seededRecord || b.get("created") != "2026-11-23T12:00:00.123456789Z" {
		t.Errorf("%s", b.body)
	}
	w.extended(bob, "DELETE", target, "").do(404)
	w.extended(alice, "DELETE", target, "").do(204)
	w.extended(alice, "DELETE", target, "").do(404)
	w.extended(alice, "GET", "/api/v1/device-bindings/none", "").do(404)
	hubtest.Must(w.store.ClaimDevice(t.Context(), dps.DeviceBinding{DeviceID: seededDevice, RecordID: "another", Owner: bob}))(t)
}
