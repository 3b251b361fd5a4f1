package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"

	"dps/shared/dps"
)

func read(t testing.TB, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

const (
	minimal = "testdata/valid/minimal.yaml"
	full    = "testdata/valid/full.yaml"
)

func TestDefaultIsValid(t *testing.T) {
	if err := Default().Validate(); err != nil {
		t.Error(err)
	}
	for _, empty := range []string{"", "\n# nothing\n", "{}", "null", "---\n", "log:\napis: ~\nenrollmentGroups:\n"} {
		c, err := Parse([]byte(empty))
		if err != nil {
			t.Errorf("%q: %v", empty, err)
			continue
		}
		if c.lines = nil; !reflect.DeepEqual(c, Default()) {
			t.Errorf("%q is not the default", empty)
		}
	}
}

func TestMinimalGetsDefaults(t *testing.T) {
	c, err := Load(minimal)
	if err != nil {
		t.Fatal(err)
	}
	coap, hub := c.APIs.COAP, c.EnrollmentGroups[0].Hub
	switch {
	case coap.Address != "0.0.0.0:5688", !slices.Equal(coap.Protocols, []string{"tcp"}), coap.InactivityMonitor.Timeout != 20*time.Second,
		c.Clients.Storage.Use != StorageBolt, c.Clients.Storage.Bolt.Path != "dps.db", c.Functions.Mode != ModeEmbedded,
		!hub.CertificateAuthority.GRPC.KeepAlive.PermitWithoutStream, hub.Authorization.Provider.HTTP.MaxConnsPerHost != 32:
		t.Errorf("defaults are missing:\n%s", c)
	}
}

// TestFullExampleIsComplete keeps the example in step with the types: it sets every property.
func TestFullExampleIsComplete(t *testing.T) {
	c, err := Load(full)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Properties() {
		if _, set := c.lines[strings.ReplaceAll(p.Path, "[]", "[0]")]; !set {
			t.Errorf("%s does not set %s", full, p.Path)
		}
	}
}

// TestShippedFiles validates every configuration file in the repository.
func TestShippedFiles(t *testing.T) {
	found := 0
	for _, root := range []string{"testdata/valid", "../../localstack", "../../infra", "../../docs"} {
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // that room is not built yet
			}
			if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
				return err
			}
			if data := read(t, path); oursByKeys(data) {
				found++
				if _, err := Parse([]byte(data)); err != nil {
					t.Errorf("%s:\n%v", path, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found < 2 {
		t.Errorf("only %d files found", found)
	}
}

// oursByKeys tells this service's configuration from a compose file, a template or the values of a chart.
func oursByKeys(data string) bool {
	data = "\n" + data
	return strings.Contains(data, "\napis:") || strings.Contains(data, "\nenrollmentGroups:")
}

// TestLeavingOut removes each section and each property of the full example, one at a time: what is left works, or is
// refused with an error that names something still there or the thing that is missing. Nothing panics.
func TestLeavingOut(t *testing.T) {
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(read(t, full)), &root); err != nil {
		t.Fatal(err)
	}
	removed := 0
	removeEach(root.Content[0], "", func(path string) {
		removed++
		data, err := yaml.Marshal(&root)
		if err != nil {
			return // an anchor was removed that an alias needs
		}
		c, err := Parse(data)
		if err != nil {
			if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), "must be set") && !strings.Contains(err.Error(), "unknown anchor") {
				t.Errorf("without %s: %v", path, err)
			}
			return
		}
		_ = c.Notes()
		_ = c.YAML()
		_ = c.Check()
		_, _ = c.Objects()
	})
	if removed < 130 {
		t.Errorf("only %d removals", removed)
	}
}

// removeEach calls f with each key of the tree removed in turn, and puts it back.
func removeEach(n *yaml.Node, path string, f func(path string)) {
	if n.Kind == yaml.SequenceNode {
		for i, item := range n.Content {
			removeEach(item, index(path, i), f)
		}
		return
	}
	if n.Kind != yaml.MappingNode {
		return
	}
	whole := n.Content
	for i := 0; i < len(whole); i += 2 {
		at := join(path, whole[i].Value)
		n.Content = slices.Concat(whole[:i], whole[i+2:])
		f(at)
		n.Content = whole
		removeEach(whole[i+1], at, f)
	}
}

func TestOtherSpellings(t *testing.T) {
	base := read(t, minimal)
	for _, change := range [][2]string{
		{"    hub:", "    Hub:"},
		{"clientID:", "clientId:"},
		{"hubID:", "hubId:"},
		{"coap:", "COAP:"},
		{"clientSecretFile: secrets/client-secret", `clientSecret: "test"`},
		{`owner: "1"`, "owner: \"1\"\n    preSharedKey: \"0123456789012345\""},
		{"certificateChain: certs/manufacturer.crt", "certificateChain: |-\n          -----BEGIN CERTIFICATE-----"},
	} {
		if !strings.Contains(base, change[0]) {
			t.Fatalf("%s has no %q", minimal, change[0])
		}
		if _, err := Parse([]byte(strings.Replace(base, change[0], change[1], 1))); err != nil {
			t.Errorf("%q: %v", change[1], err)
		}
	}
}

func TestSecretsInTheFileBecomeDataURIs(t *testing.T) {
	c, err := Parse([]byte(strings.Replace(read(t, minimal), "clientSecretFile: secrets/client-secret", `clientSecret: "s3cr3t"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	ref := c.EnrollmentGroups[0].Hub.Authorization.Provider.ClientSecretFile
	if value, err := dps.DecodeDataURI(string(ref)); err != nil || string(value) != "s3cr3t" {
		t.Errorf("clientSecret became %s: %q, %v", ref, value, err)
	}
}

func TestHubComesFirst(t *testing.T) {
	c, err := Load(full)
	if err != nil {
		t.Fatal(err)
	}
	hubs := c.EnrollmentGroups[0].AllHubs()
	if len(hubs) != 2 || hubs[0].Name != "Europe" || hubs[1].Name != "America" {
		t.Fatalf("hubs %+v", hubs)
	}
	want := []string{"hub.example.com:5684", "coaps+tcp://hub2.example.com:5684", "coaps://hub3.example.com:5684"}
	if got := hubs[0].AllGateways(); !slices.Equal(got, want) {
		t.Errorf("gateways %v, want %v", got, want)
	}
}

func TestLogOptions(t *testing.T) {
	c, err := Load(full)
	if err != nil {
		t.Fatal(err)
	}
	o := c.Log.Options()
	if o.Level.String() != "DEBUG" || !o.Console || !o.Seconds || !o.Stacktrace || o.StacktraceLevel.String() != "ERROR" {
		t.Errorf("%+v", o)
	}
	if o := Default().Log.Options(); o.Level.String() != "INFO" || o.Console || o.Seconds || o.Stacktrace {
		t.Errorf("default %+v", o)
	}
}

func TestLoadErrors(t *testing.T) {
	dir := t.TempDir()
	big := filepath.Join(dir, "big.yaml")
	if err := os.WriteFile(big, make([]byte, MaxFileSize+1), 0o600); err != nil {
		t.Fatal(err)
	}
	bad := filepath.Join(dir, "bad.yaml")
	if err := os.WriteFile(bad, []byte("lgo: {}"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		path string
		code dps.Code
		want string
	}{
		{filepath.Join(dir, "none.yaml"), dps.CodeNotFound, "no such file"},
		{big, dps.CodeInvalid, "larger than 1048576 bytes"},
		{dir, dps.CodeUnavailable, "is a directory"},
		{bad, dps.CodeInvalid, bad + ":\nlgo: unknown property: did you mean log? (line 1)"},
	} {
		if _, err := Load(tt.path); dps.CodeOf(err) != tt.code || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Load(%s) = %v, want %s: %s", tt.path, err, tt.code, tt.want)
		}
	}
}
