package dpsctl_test

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dps/client/dpsctl"
	"dps/shared/dps"
	"dps/shared/secrets/file"
)

const second = `
  - id: 11111111-3991-4567-aeea-edd9a656e6df
    owner: "2"
    name: second line
`

func TestApplyCreatesAndIsIdempotent(t *testing.T) {
	d := newTool(t)
	d.golden("created.txt", d.ok("apply", "-f", "groups.yaml", "--database", "dps.db", "--yes"))
	d.inStore(func(s dps.Store) {
		g, err := s.Group(t.Context(), groupID)
		if err != nil || g.PreSharedKey != "secret:psk/"+groupID {
			t.Errorf("pre-shared key %s, error %v", g.PreSharedKey, err)
		}
		h, err := s.Hub(t.Context(), hubID)
		if err != nil || h.Authorization.Provider.ClientSecret != "secret:oauth/"+hubID+"/clientSecret" {
			t.Errorf("client secret %s, error %v", h.Authorization.Provider.ClientSecret, err)
		}
	})
	wantSecret(t, "psk/"+groupID, "0123456789012345")
	wantSecret(t, "oauth/"+hubID+"/clientSecret", "test")
	before := d.generation()
	d.golden("unchanged.txt", d.ok("apply", "-f", "groups.yaml", "--database", "dps.db")) // nothing to ask
	if d.generation() != before {
		t.Error("the second time something was written")
	}
}

func wantSecret(t *testing.T, name, want string) {
	t.Helper()
	if got, err := file.New("dps.db.secrets").Secret(t.Context(), dps.SecretRef("secret:"+name)); err != nil || string(got) != want {
		t.Errorf("secret %s is %q, error %v", name, got, err)
	}
}

func TestApplyAsks(t *testing.T) {
	d := newTool(t)
	for _, answer := range []string{"", "n\n", "\n", "yes please\n"} {
		d.answers(answer)
		d.fails(dpsctl.ExitConflict, []string{"Apply these changes? [y/N]", "declined: nothing was changed"}, "apply", "-f", "groups.yaml", "--database", "dps.db")
		if _, err := os.Stat("dps.db"); !os.IsNotExist(err) {
			t.Errorf("after %q the database exists", answer)
		}
	}
	d.answers("Y\n")
	if out := d.ok("apply", "-f", "groups.yaml", "--database", "dps.db"); !strings.HasSuffix(out, "Done: 2 created, 0 updated, 0 deleted.\n") {
		t.Errorf("got %s", out)
	}
}

func TestApplyDryRun(t *testing.T) {
	d := newTool(t)
	d.ok("apply", "-f", "groups.yaml", "--database", "dps.db", "--dry-run")
	if files, _ := filepath.Glob("dps.db*"); len(files) > 0 {
		t.Errorf("made %v", files)
	}
	d.ok("apply", "-f", "groups.yaml", "--database", "dps.db", "--yes")
	before := d.generation()
	d.edit("groups.yaml", `owner: "1"`, `owner: "2"`, "0123456789012345", "5432109876543210")
	d.ok("apply", "-f", "groups.yaml", "--database", "dps.db", "--dry-run")
	if d.generation() != before {
		t.Error("the database was written")
	}
	wantSecret(t, "psk/"+groupID, "0123456789012345")
}

func TestApplyShowsWhatDiffers(t *testing.T) {
	d := newTool(t)
	d.ok("apply", "-f", "groups.yaml", "--database", "dps.db", "--yes")
	d.edit("groups.yaml",
		`owner: "1" # for mockoauthserver`, "owner: \"2\"\n    name: \"first\\u001b[31m line\"",
		"0123456789012345", "5432109876543210",
		`clientSecret: "test"`, "clientSecret: hush\n          scopes: [openid, profile]",
		"coapGateway: example.com:5684", "gateways: [coaps+tcp://two.example.com:5684, coaps://three.example.com:5684]",
		"x509:\n", "x509:\n        deny: {serials: ['01','02','03','04','05','06','07','08','09','0a','0b','0c']}\n")
	d.golden("updated.txt", d.ok("apply", "-f", "groups.yaml", "--database", "dps.db", "--yes"))
	d.put("groups.yaml", "enrollmentGroups: []\n")
	d.golden("deleted.txt", d.ok("apply", "-f", "groups.yaml", "--database", "dps.db", "--yes"))
	if left, _ := filepath.Glob("dps.db.secrets/*"); len(left) > 0 {
		t.Errorf("secrets left: %v", left)
	}
}

// TestApplyNeverShowsASecret looks at all that is printed on the way from creation to deletion, errors included.
func TestApplyNeverShowsASecret(t *testing.T) {
	d := newTool(t)
	d.edit("groups.yaml", "0123456789012345", "hushhushhushhush", `clientSecret: "test"`, "clientSecret: hush")
	var all strings.Builder
	for _, change := range [][]string{nil, {"hushhushhushhush", "HUSHHUSHHUSHHUSH"}, {"HUSHHUSHHUSHHUSH", "HUSH"}, {"preSharedKey: \"HUSH\"", "preSharedKeyFile: HUSH"}} {
		if change != nil {
			d.edit("groups.yaml", change...)
		}
		r := d.run("apply", "-f", "groups.yaml", "--database", "dps.db", "--yes")
		all.WriteString(r.out + r.err)
	}
	if strings.Contains(strings.ToLower(strings.ReplaceAll(all.String(), "(secret, ", "")), "hush") {
		t.Errorf("a secret was shown:\n%s", all.String())
	}
}

func TestApplyReadsSecretFiles(t *testing.T) {
	d := newTool(t)
	d.edit("groups.yaml", `preSharedKey: "0123456789012345"`, "preSharedKeyFile: secrets/psk", `clientSecret: "test"`, "clientSecretFile: ./secret.txt")
	d.fails(dpsctl.ExitUsage, []string{"groups.yaml:", "enrollmentGroups[0].preSharedKeyFile: secret secrets/psk does not exist",
		"enrollmentGroups[0].hub.authorization.provider.clientSecretFile: secret ./secret.txt does not exist"}, "apply", "-f", "groups.yaml", "--database", "dps.db")
	if err := os.Mkdir("secrets", fs.ModePerm); err != nil {
		t.Fatal(err)
	}
	d.put("secrets/psk", "0123456789abcdef\n")
	d.put("secret.txt", "")
	d.fails(dpsctl.ExitUsage, []string{"clientSecretFile: ./secret.txt is empty"}, "apply", "-f", "groups.yaml", "--database", "dps.db")
	d.put("secret.txt", "from a file")
	d.fails(dpsctl.ExitUsage, []string{"preSharedKeyFile: the key is followed by a line end"}, "apply", "-f", "groups.yaml", "--database", "dps.db")
	d.put("secrets/psk", "0123456789abcdef")
	d.ok("apply", "-f", "groups.yaml", "--database", "dps.db", "--yes")
	wantSecret(t, "psk/"+groupID, "0123456789abcdef")
	wantSecret(t, "oauth/"+hubID+"/clientSecret", "from a file")
	d.edit("groups.yaml", "./secret.txt", `"arn:aws:secretsmanager:eu-central-1:123456789012:secret:mine-AbCdEf"`)
	d.ok("apply", "-f", "groups.yaml", "--database", "dps.db", "--yes")
	d.inStore(func(s dps.Store) {
		if h, err := s.Hub(t.Context(), hubID); err != nil || !strings.HasPrefix(string(h.Authorization.Provider.ClientSecret), "arn:") {
			t.Errorf("client secret %s, error %v", h.Authorization.Provider.ClientSecret, err)
		}
	})
}

func TestApplyFillsIn(t *testing.T) {
	d := newTool(t)
	d.edit("groups.yaml", "          authority: https://example.com\n", "", "        ownerClaim: https://plgd.dev/owner\n", "",
		"      hubID: d03a1bb4-0a77-428c-b78c-1c46efe6a38e\n      coapGateway: example.com:5684\n", "", "          address: api.example.com:443\n", "")
	d.fails(dpsctl.ExitUsage, []string{"hub.hubID: must be set", "hub.coapGateway: must be set", "ownerClaim: must be set"}, "apply", "-f", "groups.yaml", "--database", "dps.db")
	d.ok("apply", "-f", "groups.yaml", "--database", "dps.db", "--yes",
		"--domain", "example.com", "--hub-id", "d03a1bb4-0a77-428c-b78c-1c46efe6a38e", "--owner-claim", "https://plgd.dev/owner")
	d.ok("apply", "-f", filepath.Join(os.Getenv("GOLDEN"), "groups.yaml"), "--database", "dps.db", "--dry-run")
	d.golden("unchanged.txt", d.ok("apply", "-f", filepath.Join(os.Getenv("GOLDEN"), "groups.yaml"), "--database", "dps.db"))
}

// TestApplyTakesChartValues applies the documented example itself.
func TestApplyTakesChartValues(t *testing.T) {
	d := newTool(t)
	d.ok("apply", "-f", filepath.Join(os.Getenv("GOLDEN"), "../plgd/testdata/seed001.yaml"), "--database", "dps.db", "--yes")
	d.golden("unchanged.txt", d.ok("apply", "-f", "groups.yaml", "--database", "dps.db"))
}

func TestApplyFromStandardInput(t *testing.T) {
	d := newTool(t)
	d.answers(read(t, "groups.yaml"))
	d.fails(dpsctl.ExitUsage, []string{"add --yes or --dry-run"}, "apply", "-f", "-", "--database", "dps.db")
	d.ok("apply", "-f", "-", "--database", "dps.db", "--yes")
}

func TestApplySourcesLeaveEachOtherAlone(t *testing.T) {
	d := newTool(t)
	d.ok("apply", "-f", "groups.yaml", "--database", "dps.db", "--yes")
	d.put("other.yaml", "enrollmentGroups: []\n")
	if out := d.ok("apply", "-f", "other.yaml", "--database", "dps.db", "--source", "other"); !strings.HasPrefix(out, "Nothing to change") {
		t.Errorf("got %s", out)
	}
	d.edit("groups.yaml", groupID, strings.Replace(groupID, "98", "99", 1))
	d.fails(dpsctl.ExitConflict, []string{`its lead certificate "CN=MfgRootCA" is that of group ` + groupID + " already"},
		"apply", "-f", "groups.yaml", "--database", "dps.db", "--source", "other")
}

// onRead does something before the operator answers.
type onRead struct {
	do     func()
	answer io.Reader
}

func (r *onRead) Read(p []byte) (int, error) {
	if r.do != nil {
		r.do()
		r.do = nil
	}
	return r.answer.Read(p)
}

// TestApplyNoticesChangesWhileAsking: what the operator agreed to is what is written, or nothing.
func TestApplyNoticesChangesWhileAsking(t *testing.T) {
	d := newTool(t)
	d.put("other.yaml", strings.Replace(read(t, "groups.yaml"), `owner: "1"`, "owner: meanwhile", 1))
	d.in = &onRead{answer: strings.NewReader("y\n"), do: func() {
		(&tool{T: t}).ok("apply", "-f", "other.yaml", "--database", "dps.db", "--yes")
	}}
	d.fails(dpsctl.ExitConflict, []string{"the store was changed meanwhile, so nothing was written"}, "apply", "-f", "groups.yaml", "--database", "dps.db")
	d.inStore(func(s dps.Store) {
		if g, err := s.Group(t.Context(), groupID); err != nil || g.Owner != "meanwhile" {
			t.Errorf("owner %q, error %v", g.Owner, err)
		}
	})
}

func TestApplyRefuses(t *testing.T) {
	d := newTool(t)
	d.put("empty.yaml", "log: {level: info}\n")
	d.put("null.yaml", "enrollmentGroups:\n")
	d.put("typo.yaml", "enrolmentGroups: []\n")
	d.put("unknown.yaml", "enrollmentGroups: []\nlogs: {}\n")
	d.put("bad.yaml", "enrollmentGroups: [{id: x}]\n")
	d.put("broken.yaml", "enrollmentGroups: [\n")
	d.edit("groups.yaml", "enrollmentGroups:\n", "enrollmentGroups:"+second)
	for file, parts := range map[string][]string{
		"empty.yaml":   {"empty.yaml: no enrollmentGroups; to delete all that was applied before, write enrollmentGroups: []"},
		"null.yaml":    {"no enrollmentGroups"},
		"typo.yaml":    {"no enrollmentGroups"},
		"unknown.yaml": {"unknown.yaml:\nlogs: unknown property: did you mean log? (line 2)"},
		"bad.yaml":     {`enrollmentGroups[0].id: "x" is not a UUID`, "enrollmentGroups[0].hub: must be set"},
		"broken.yaml":  {"not YAML"},
		"groups.yaml":  {"enrollmentGroups[0].attestationMechanism.x509.certificateChain: must be set"},
	} {
		d.fails(dpsctl.ExitUsage, parts, "apply", "-f", file, "--database", "dps.db", "--yes")
	}
	d.fails(dpsctl.ExitNotFound, []string{"none.yaml: no such file"}, "apply", "-f", "none.yaml", "--database", "dps.db")
	d.fails(dpsctl.ExitUsage, []string{"--source"}, "apply", "-f", "groups.yaml", "--database", "dps.db", "--source", "")
	d.fails(dpsctl.ExitUsage, []string{"[dry-run yes]"}, "apply", "-f", "groups.yaml", "--yes", "--dry-run")
	d.fails(dpsctl.ExitUsage, []string{`"filename" not set`}, "apply")
}
