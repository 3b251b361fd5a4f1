package plgd_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dps/client/dpsctl/plgd"
	"dps/shared/config"
	"dps/shared/dps"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file of testdata.
func golden(t *testing.T, file, got string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
	}
}

func mustImport(t *testing.T, data string, o plgd.Options) plgd.Result {
	t.Helper()
	r, err := plgd.Import([]byte(data), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func report(r plgd.Result) string {
	var b strings.Builder
	for _, part := range []struct {
		title string
		notes []plgd.Note
	}{{"filled in", r.Filled}, {"dropped", r.Dropped}, {"to do", r.ToDo}} {
		b.WriteString(part.title + "\n")
		for _, n := range part.notes {
			b.WriteString("  " + n.String() + "\n")
		}
	}
	return b.String()
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// TestDocumentedExample imports the final example of plgd's deployment page, verbatim.
func TestDocumentedExample(t *testing.T) {
	r := mustImport(t, read(t, "testdata/seed001.yaml"), plgd.Options{})
	if r.Invalid != nil {
		t.Fatal(r.Invalid)
	}
	golden(t, "seed001.imported.yaml", string(r.YAML))
	golden(t, "seed001.report.txt", report(r))

	c, err := config.Parse(r.YAML)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := c.Objects()
	if err != nil {
		t.Fatal(err)
	}
	g, h := objects.Groups[0], objects.Hubs[0]
	lead, err := g.X509.Certificates()
	if err != nil || g.Owner != "1" || lead[0].Subject.CommonName != "MfgRootCA" {
		t.Errorf("group of %q, chain %v, error %v", g.Owner, lead, err)
	}
	if key, err := g.PreSharedKey.Inline(); err != nil || string(key) != "0123456789012345" {
		t.Errorf("pre-shared key: %v", err)
	}
	if h.HubID != "d03a1bb4-0a77-428c-b78c-1c46efe6a38e" || h.Gateways[0] != "coaps+tcp://example.com:5684" ||
		h.Authorization.OwnerClaim != "https://plgd.dev/owner" || h.Authorization.Provider.Authority != "https://example.com" ||
		h.CertificateAuthority.Address != "api.example.com:443" || h.Authorization.Provider.Name != "plgd.dps" {
		t.Errorf("hub %+v", h)
	}
	if c.APIs.COAP.Address != "0.0.0.0:15684" {
		t.Errorf("address %s", c.APIs.COAP.Address)
	}
}

// TestNoSecretInTheReport: notes speak of the Docker credentials and never repeat them.
func TestNoSecretInTheReport(t *testing.T) {
	r := mustImport(t, read(t, "testdata/seed001.yaml"), plgd.Options{})
	for _, secret := range []string{"amty", "0123456789012345", `"test"`} {
		if strings.Contains(report(r), secret) {
			t.Errorf("%s is in the report:\n%s", secret, report(r))
		}
	}
}

func TestServiceConfiguration(t *testing.T) {
	r := mustImport(t, read(t, "testdata/service.yaml"), plgd.Options{})
	if r.Invalid != nil {
		t.Fatal(r.Invalid)
	}
	golden(t, "service.imported.yaml", string(r.YAML))
	golden(t, "service.report.txt", report(r))
}

func TestChartValues(t *testing.T) {
	r := mustImport(t, read(t, "testdata/values.yaml"), plgd.Options{Globals: plgd.Globals{OwnerClaim: "claim"}, KeyFile: "a.key", CertFile: "a.crt"})
	if r.Invalid != nil {
		t.Fatal(r.Invalid)
	}
	golden(t, "values.imported.yaml", string(r.YAML))
	golden(t, "values.report.txt", report(r))
}

// TestOurOwnFilesStay: what is this service's already comes out meaning the same, with nothing dropped.
func TestOurOwnFilesStay(t *testing.T) {
	files, err := filepath.Glob("../../../shared/config/testdata/valid/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		r := mustImport(t, read(t, file), plgd.Options{})
		before, err := config.Parse([]byte(read(t, file)))
		if err != nil {
			t.Fatal(err)
		}
		after, err := config.Parse(r.YAML)
		if err != nil {
			t.Fatal(err)
		}
		if string(before.YAML()) != string(after.YAML()) || len(r.Dropped)+len(r.Filled)+len(r.ToDo) > 0 {
			t.Errorf("%s changed:\n%s\n%s", file, after.YAML(), report(r))
		}
	}
}

func TestWhatIsMissingIsTold(t *testing.T) {
	r := mustImport(t, `deviceProvisioningService: {enrollmentGroups: [{id: 98be12de-3991-4567-aeea-edd9a656e6df, owner: 1, hub: {name: x}}]}`, plgd.Options{})
	for _, path := range []string{"attestationMechanism.x509.certificateChain", "hub.hubID", "hub.coapGateway", "hub.authorization.ownerClaim", "hub.authorization.provider.authority"} {
		if r.Invalid == nil || !strings.Contains(r.Invalid.Error(), "enrollmentGroups[0]."+path+": must be set") {
			t.Errorf("nothing about %s: %v", path, r.Invalid)
		}
	}
}

func TestRefusals(t *testing.T) {
	for name, tt := range map[string]struct{ data, want string }{
		"empty":       {"", "the file is empty"},
		"another":     {"replicas: 3", "neither a configuration file of plgd's device provisioning service"},
		"no mapping":  {"- a", "does not hold properties"},
		"no YAML":     {"a: [", "not YAML: "},
		"two":         {"log: {level: info}\n---\nlog: {level: info}", "more than one YAML document"},
		"large":       {strings.Repeat("#", config.MaxFileSize+1), "larger than"},
		"alias bombs": {bomb(), "use fewer aliases"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := plgd.Import([]byte(tt.data), plgd.Options{})
			if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

func bomb() string {
	text := "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
	for i := '1'; i <= '9'; i++ {
		p := "*a" + string(i-1)
		text += "a" + string(i) + ": &a" + string(i) + " [" + strings.Repeat(p+", ", 9) + p + "]\n"
	}
	return text
}

func TestComplete(t *testing.T) {
	data := "# kept\nenrollmentGroups:\n  - id: x\n    hub:\n      gateways: [one:1]\n    hubs:\n      - hubID: own\n"
	out, notes, err := plgd.Complete([]byte(data), plgd.Globals{Domain: "example.com", HubID: "id", Authority: "auth.example.com", Audience: "aud"})
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "completed.yaml", string(out))
	if len(notes) != 8 {
		t.Errorf("%d notes: %v", len(notes), notes)
	}
}

// FuzzImport: whatever is read, it does not panic, and a result is one package config can read or say what is wrong with.
func FuzzImport(f *testing.F) {
	for _, file := range []string{"seed001.yaml", "service.yaml", "values.yaml"} {
		data, err := os.ReadFile(filepath.Join("testdata", file))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("deviceProvisioningService: [1]\nglobal: 3"))
	f.Add([]byte("apis: &a {coap: {<<: {address: x}, tls: 4}}\nenrollmentGroups: {a: 1}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := plgd.Import(data, plgd.Options{})
		if err != nil {
			return
		}
		if _, err := config.Parse(r.YAML); (err == nil) != (r.Invalid == nil) {
			t.Errorf("invalid: %v, parsed: %v", r.Invalid, err)
		}
	})
}
