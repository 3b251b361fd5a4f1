package dpsctl_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dps/client/dpsctl"
	"dps/shared/config"
)

func TestImportToFileAndOutput(t *testing.T) {
	d := newTool(t)
	seed := filepath.Join(os.Getenv("GOLDEN"), "../plgd/testdata/seed001.yaml")
	r := d.run("config", "import", seed, "-o", "dps.yaml")
	if r.code != dpsctl.ExitOK || r.out != "" {
		t.Fatalf("exit code %d, output %q, error %s", r.code, r.out, r.err)
	}
	d.golden("import.txt", r.err)
	if info, err := os.Stat("dps.yaml"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, error %v", info.Mode(), err)
	}
	if out := d.ok("config", "import", seed); out != read(t, "dps.yaml") {
		t.Error("standard output and file differ")
	}
	if _, err := config.Load("dps.yaml"); err != nil {
		t.Error(err)
	}
	d.fails(dpsctl.ExitConflict, []string{"-o dps.yaml: the file exists"}, "config", "import", seed, "-o", "dps.yaml")
	d.fails(dpsctl.ExitUnavailable, []string{"-o none/dps.yaml cannot be written"}, "config", "import", seed, "-o", "none/dps.yaml")
}

func TestImportRefuses(t *testing.T) {
	d := newTool(t)
	d.put("other.yaml", "replicas: 3\n")
	d.fails(dpsctl.ExitUsage, []string{"other.yaml:\nneither"}, "config", "import", "other.yaml")
	d.fails(dpsctl.ExitNotFound, []string{"none.yaml"}, "config", "import", "none.yaml")
	d.fails(dpsctl.ExitUsage, []string{"tls-cert"}, "config", "import", "other.yaml", "--tls-key", "x")
}

// TestImportOfHalfAFile: what could be had is written, and what is missing is told.
func TestImportOfHalfAFile(t *testing.T) {
	d := newTool(t)
	d.answers("deviceProvisioningService: {enrollmentGroups: [{id: " + groupID + ", owner: '1', hub: {name: x}}]}\n")
	r := d.run("config", "import", "-")
	if r.code != dpsctl.ExitUsage || !strings.Contains(r.out, "id: "+groupID) || !strings.Contains(r.err, "the result is not complete") ||
		!strings.Contains(r.err, "enrollmentGroups[0].hub.hubID: must be set") {
		t.Errorf("exit code %d, output %s, error %s", r.code, r.out, r.err)
	}
}
