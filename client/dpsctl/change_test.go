package dpsctl_test

import (
	"path/filepath"
	"strings"
	"testing"

	"dps/client/dpsctl"
	"dps/shared/dps"
)

const (
	lampRecord = "11111111-0000-4000-8000-000000000001"
	lampDevice = "aaaaaaaa-0000-4000-8000-000000000001"
)

func TestGroupsAreClosedAndOpened(t *testing.T) {
	d := stocked(t)
	db := []string{"--database", "dps.db"}
	say := func(want string, args ...string) {
		t.Helper()
		if out := d.ok(append(args, db...)...); !strings.Contains(out, want) {
			t.Errorf("dpsctl %v does not say %q: %s", args, want, out)
		}
	}
	say("is disabled", "group", "disable", groupID)
	say("disabled", "get", "groups")
	before := d.generation()
	say("is disabled", "group", "disable", strings.ToUpper(groupID))
	if d.generation() != before {
		t.Error("a group that is disabled is written again")
	}
	say("is open", "group", "enable", groupID)

	d.inStore(func(s dps.Store) {
		g, err := s.Group(t.Context(), groupID)
		if err != nil {
			t.Fatal(err)
		}
		g.Challenge = "77777777-0000-4000-8000-000000000001"
		if _, err := s.PutGroup(t.Context(), g); err != nil {
			t.Fatal(err)
		}
	})
	say("pending", "get", "groups")
	say("77777777-0000-4000-8000-000000000001", "get", "groups", groupID, "-o", "wide")
	d.fails(dpsctl.ExitUsage, []string{"dpsctl group vouch " + groupID}, append([]string{"group", "prove", groupID, "--certificate", "groups.yaml"}, db...)...)
	say("is open", "group", "vouch", groupID)
	say("is open", "group", "vouch", groupID)
	for _, verb := range []string{"enable", "disable", "vouch"} {
		d.fails(dpsctl.ExitNotFound, []string{`no group "x" in dps.db`}, append([]string{"group", verb, "x"}, db...)...)
	}
}

func TestDeletionsAreAskedAbout(t *testing.T) {
	d := stocked(t)
	db := []string{"--database", "dps.db"}
	d.answers("n\n")
	d.fails(dpsctl.ExitConflict, []string{"Really delete record " + lampRecord, "declined"}, append([]string{"delete", "record", lampRecord}, db...)...)
	d.answers("yes\n")
	if out := d.ok(append([]string{"delete", "record", lampRecord}, db...)...); !strings.Contains(out, "Deleted record "+lampRecord) {
		t.Errorf("%s", out)
	}
	for _, kind := range []string{"record", "group", "hub"} {
		d.fails(dpsctl.ExitNotFound, []string{"no " + kind + ` "x" in dps.db`}, append([]string{"delete", kind, "x", "--yes"}, db...)...)
	}
}

func TestAGroupGoesWithItsSecrets(t *testing.T) {
	d := stocked(t)
	db := []string{"--database", "dps.db", "--yes"}
	d.fails(dpsctl.ExitConflict, []string{"group " + groupID + " names hub " + hubID}, append([]string{"delete", "hub", hubID}, db...)...)
	secrets := func() int {
		files, _ := filepath.Glob("dps.db.secrets/*")
		return len(files)
	}
	if secrets() != 2 {
		t.Fatalf("%d secrets before", secrets())
	}
	d.ok(append([]string{"delete", "group", groupID}, db...)...)
	d.ok(append([]string{"delete", "hub", hubID}, db...)...)
	d.ok(append([]string{"delete", "hub", "by-hand"}, db...)...)
	d.inStore(func(s dps.Store) {
		if _, err := s.Group(t.Context(), groupID); dps.CodeOf(err) != dps.CodeNotFound {
			t.Errorf("the group: %v", err)
		}
		if _, err := s.Hub(t.Context(), hubID); dps.CodeOf(err) != dps.CodeNotFound {
			t.Errorf("the hub: %v", err)
		}
	})
	if secrets() != 0 {
		t.Errorf("%d secrets are left behind", secrets())
	}
}

func TestADeviceIDIsReleased(t *testing.T) {
	d := stocked(t)
	if out := d.ok("release", lampDevice, "--yes", "--database", "dps.db"); !strings.Contains(out, "Released device "+lampDevice+" of record "+lampRecord) {
		t.Errorf("%s", out)
	}
	d.fails(dpsctl.ExitNotFound, []string{`no device "` + lampDevice + `"`}, "release", lampDevice, "--yes", "--database", "dps.db")
}

func TestAuditOfARecordAndOfADevice(t *testing.T) {
	d := stocked(t)
	d.inStore(func(s dps.Store) {
		for i, event := range []dps.AuditEvent{dps.AuditIssued, dps.AuditBindingDenied} {
			e := dps.AuditEntry{Time: at.AddDate(0, 0, i), Event: event, RecordID: lampRecord, DeviceID: lampDevice, Owner: "1", GroupID: groupID, Serial: "0a", Detail: "bad\x1b"}
			if err := s.AppendAudit(t.Context(), e); err != nil {
				t.Fatal(err)
			}
		}
	})
	for _, id := range []string{lampRecord, lampDevice} {
		out := d.ok("audit", id, "--database", "dps.db")
		if strings.Count(out, "\n") != 3 || !strings.Contains(out, "binding_denied") || strings.Contains(out, "\x1b") {
			t.Errorf("%s", out)
		}
	}
	if r := d.run("audit", "x", "--database", "dps.db"); r.code != 0 || !strings.Contains(r.err, "no audit of x in dps.db") {
		t.Errorf("%+v", r)
	}
}

func TestStatisticsAndFilters(t *testing.T) {
	d := stocked(t)
	if out := d.ok("statistics", "--database", "dps.db", "-o", "json"); !strings.Contains(out, `"name": "all",
    "ok": 0,
    "failed": 1,
    "pending": 1`) {
		t.Errorf("%s", out)
	}
	for _, c := range []struct {
		args []string
		want int
	}{
		{nil, 2},
		{[]string{"--state", "failed"}, 1},
		{[]string{"--state", "failed", "--state", "pending"}, 2},
		{[]string{"--state", "ok"}, 0},
		{[]string{"--search", "LAMP"}, 1},
		{[]string{"--device", lampDevice}, 1},
		{[]string{"--group", groupID}, 2},
		{[]string{"--group", "another"}, 0},
		{[]string{"--search", "lamp", "--state", "failed"}, 0},
	} {
		out := d.ok(append([]string{"get", "records", "--database", "dps.db", "--owner", "1", "-o", "json"}, c.args...)...)
		if got := strings.Count(out, `"sources"`); got != c.want {
			t.Errorf("%v: %d records, want %d", c.args, got, c.want)
		}
	}
	d.fails(dpsctl.ExitUsage, []string{"--state great", "write one of pending, ok, failed"}, "get", "records", "--database", "dps.db", "--state", "great")
}
