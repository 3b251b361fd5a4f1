package dpsctl_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"dps/client/dpsctl"
	"dps/shared/dps"
)

// at is when everything in these tests happens.
var at = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

func result(id string, owner string, step dps.Step, minute int) dps.StepResult {
	return dps.StepResult{
		EventID: id + string(step) + owner, Time: at.Add(time.Duration(minute) * time.Minute), RecordID: id, GroupID: groupID, Owner: owner, Step: step,
		CoAPCode: "2.04",
	}
}

// story is what is known of three devices of two owners.
func story() []dps.StepResult {
	attested := result("11111111-0000-4000-8000-000000000001", "1", dps.StepAttestation, 0)
	attested.CoAPCode = ""
	attested.Attestation = &dps.AttestationDetail{CommonName: "lamp\x1b[2J", RemoteAddress: "192.0.2.1:4711"}
	done := result(attested.RecordID, "1", dps.StepACLs, 2)
	done.DeviceID = "aaaaaaaa-0000-4000-8000-000000000001"
	failed := result("22222222-0000-4000-8000-000000000002", "1", dps.StepCredentials, 1)
	failed.CoAPCode, failed.ErrorMessage = "5.03", "certificate authority does not answer\x07"
	return []dps.StepResult{attested, done, failed, result("33333333-0000-4000-8000-000000000003", "2", dps.StepOwnership, 3)}
}

// stocked has the documented group with its hub, the devices' records, and a second owner's group and hub.
func stocked(t *testing.T) *tool {
	d := newTool(t)
	d.ok("apply", "-f", "groups.yaml", "--database", "dps.db", "--yes")
	d.inStore(func(s dps.Store) {
		if _, err := s.MergeResults(t.Context(), story()); err != nil {
			t.Fatal(err)
		}
		if _, err := s.ClaimDevice(t.Context(), dps.DeviceBinding{
			DeviceID: "aaaaaaaa-0000-4000-8000-000000000001", RecordID: "11111111-0000-4000-8000-000000000001", Owner: "1", GroupID: groupID, Created: at,
		}); err != nil {
			t.Fatal(err)
		}
		h, err := s.Hub(t.Context(), hubID)
		if err != nil {
			t.Fatal(err)
		}
		h.ID, h.Owner, h.Name, h.Version = "by-hand", "2", "Überallhin", 0
		h.Gateways = append(h.Gateways, "coaps://two.example.com:5684")
		h.Authorization.Provider.ClientSecret = "hush" // a secret where its path belongs
		if _, err := s.PutHub(t.Context(), h); err != nil {
			t.Fatal(err)
		}
	})
	return d
}

func TestGetTables(t *testing.T) {
	d := stocked(t)
	for _, what := range []string{"groups", "hubs", "records"} {
		for _, form := range []string{"table", "wide"} {
			d.golden("get-"+what+"-"+form+".txt", d.ok("get", what, "--database", "dps.db", "-o", form, "--owner", "1", "--owner", "2"))
		}
	}
}

func TestGetOwners(t *testing.T) {
	d := stocked(t)
	one, two := "11111111-0000-4000-8000-000000000001", "33333333-0000-4000-8000-000000000003"
	if out := d.ok("get", "records", "--database", "dps.db"); !strings.Contains(out, one) || strings.Contains(out, two) {
		t.Errorf("of the owners of applied groups: %s", out)
	}
	if out := d.ok("get", "records", "--database", "dps.db", "--owner", "2"); strings.Contains(out, one) || !strings.Contains(out, two) {
		t.Errorf("of owner 2: %s", out)
	}
	d.put("owners.yaml", "clients: {storage: {bolt: {path: dps.db}}}\n"+strings.Replace(read(t, "groups.yaml"), `owner: "1"`, `owner: "2"`, 1))
	if out := d.ok("get", "records", "--config", "owners.yaml"); !strings.Contains(out, one) || !strings.Contains(out, two) {
		t.Errorf("with the owner of the configuration: %s", out)
	}
	r := d.run("get", "records", "--database", "dps.db", "--owner", "nobody", "-o", "json")
	if r.code != dpsctl.ExitOK || r.out != "[]\n" || !strings.Contains(r.err, `no records of owner "nobody" in dps.db`) {
		t.Errorf("of nobody: %+v", r)
	}
	if r := d.run("get", "records", "--database", "dps.db", "--owner", "nobody"); r.out != "" {
		t.Errorf("of nobody: %+v", r)
	}
	d.put("none.yaml", "enrollmentGroups: []\n")
	d.ok("apply", "-f", "none.yaml", "--database", "dps.db", "--yes")
	d.fails(dpsctl.ExitUsage, []string{"whose? Give --owner OWNER"}, "get", "records", "--database", "dps.db")
}

func TestGetOne(t *testing.T) {
	d := stocked(t)
	d.golden("get-group.yaml", d.ok("get", "group", strings.ToUpper(groupID), "--database", "dps.db", "-o", "yaml"))
	d.golden("get-record.json", d.ok("get", "records", "aaaaaaaa-0000-4000-8000-000000000001", "--database", "dps.db", "-o", "json"))
	if out := d.ok("get", "hubs", "by-hand", "--database", "dps.db", "-o", "yaml"); strings.Contains(out, "hush") || !strings.Contains(out, "REDACTED") {
		t.Errorf("a secret where its path belongs is shown: %s", out)
	}
	for _, args := range [][]string{
		{"get", "groups", hubID}, {"get", "hubs", "nothing"}, {"get", "records", "nothing"}, {"get", "groups", groupID, "--owner", "2"},
	} {
		d.fails(dpsctl.ExitNotFound, []string{"no " + strings.TrimSuffix(args[1], "s") + ` "` + args[2] + `" in dps.db`}, append(args, "--database", "dps.db")...)
	}
}

// TestGetLargeListings reads more records than a page of the store has.
func TestGetLargeListings(t *testing.T) {
	const n = 2*dps.MaxPageSize + 345
	d := stocked(t)
	d.inStore(func(s dps.Store) {
		results := make([]dps.StepResult, n)
		for i := range results {
			results[i] = result(fmt.Sprintf("%08d-1111-4000-8000-000000000000", i), "many", dps.StepTime, i)
		}
		if _, err := s.MergeResults(t.Context(), results); err != nil {
			t.Fatal(err)
		}
	})
	list := []string{"get", "records", "--database", "dps.db", "--owner", "many", "-o"}
	if lines := strings.Count(d.ok(append(list, "table")...), "\n"); lines != n+1 {
		t.Errorf("%d lines of a table, want %d", lines, n+1)
	}
	var fromJSON, fromYAML []map[string]any
	if err := json.Unmarshal([]byte(d.ok(append(list, "json")...)), &fromJSON); err != nil || len(fromJSON) != n {
		t.Errorf("%d records in JSON, error %v", len(fromJSON), err)
	}
	if err := yaml.Unmarshal([]byte(d.ok(append(list, "yaml")...)), &fromYAML); err != nil || len(fromYAML) != n {
		t.Errorf("%d records in YAML, error %v", len(fromYAML), err)
	}
	for i := range min(len(fromJSON), len(fromYAML)) {
		if want := fmt.Sprintf("%08d-1111-4000-8000-000000000000", i); fromJSON[i]["id"] != want || fromYAML[i]["id"] != want {
			t.Fatalf("record %d is %v, %v; want %s", i, fromJSON[i]["id"], fromYAML[i]["id"], want)
		}
	}
	for _, limit := range []int{1, 1000, 1500} {
		if lines := strings.Count(d.ok(append(list, "table", "--limit", fmt.Sprint(limit))...), "\n"); lines != limit+1 {
			t.Errorf("%d lines of a table with --limit %d", lines, limit)
		}
	}
}
