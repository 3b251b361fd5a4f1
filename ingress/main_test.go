package ingress

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"dps/shared/pki"
)

// What no output may ever hold.
const (
	preSharedKey = "hush-hush-hush-1"
	clientSecret = "s3cr3t-of-client"
)

// goodConfig is a configuration in seed 002's shape, with its secrets written into it; %[1]s is the folder of its files.
const goodConfig = `apis:
  coap:
    address: 127.0.0.1:0
    protocols: [tcp]
    tls:
      certFile: %[1]s/leaf.crt
      keyFile: %[1]s/leaf.key
clients:
  storage:
    bolt:
      path: %[1]s/dps.db
enrollmentGroups:
  - id: 98be12de-3991-4567-aeea-edd9a656e6df
    owner: "1"
    preSharedKey: ` + preSharedKey + `
    attestationMechanism:
      x509:
        certificateChain: %[1]s/root.crt
    hub:
      caPool: %[1]s/root.crt
      hubID: d03a1bb4-0a77-428c-b78c-1c46efe6a38e
      gateways: [coaps+tcp://127.0.0.1:5684]
      certificateAuthority:
        grpc:
          address: 127.0.0.1:9100
          tls:
            caPool: %[1]s/root.crt
            keyFile: %[1]s/leaf.key
            certFile: %[1]s/leaf.crt
      authorization:
        ownerClaim: https://plgd.dev/owner
        provider:
          name: plgd.dps
          authority: https://127.0.0.1:9101
          clientID: dps
          clientSecret: ` + clientSecret + `
`

// run is Main with what it prints; what goes wrong must never tell a secret.
func run(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	t.Cleanup(func() { goleak.VerifyNone(t) })
	var out, errs bytes.Buffer
	err = Main(t.Context(), args, &out, &errs)
	holdsNoSecret(t, out.String(), errs.String(), fmt.Sprint(err))
	return out.String(), errs.String(), err
}

func holdsNoSecret(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, secret := range []string{preSharedKey, clientSecret} {
			if strings.Contains(text, secret) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(secret))) {
				t.Errorf("%q tells a secret", text)
			}
		}
	}
}

// configured makes a folder with everything goodConfig names, and the configuration with old replaced by new, in turn.
func configured(t *testing.T, oldnew ...string) (file string) {
	t.Helper()
	dir := t.TempDir()
	var root, leaf *pki.Pair
	if err := pki.LoadOrMake(dir,
		pki.Part{File: "root", Pair: &root, Make: func() (*pki.Pair, error) { return pki.NewRoot("root") }},
		pki.Part{File: "leaf", Pair: &leaf, Make: func() (*pki.Pair, error) { return root.NewLeaf("dps") }},
	); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(goodConfig, dir)
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(text, oldnew[i]) {
			t.Fatalf("the configuration has no %q", oldnew[i])
		}
		text = strings.Replace(text, oldnew[i], oldnew[i+1], 1)
	}
	file = filepath.Join(dir, "dps.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestVersion(t *testing.T) {
	stdout, stderr, err := run(t, "--version")
	if err != nil || stderr != "" {
		t.Errorf("%v, stderr %q", err, stderr)
	}
	if !strings.HasPrefix(stdout, "dps ingress ") || !strings.HasSuffix(stdout, " "+runtime.Version()+"\n") || strings.Count(stdout, "\n") != 1 {
		t.Errorf("%q is not one line of program, version and Go", stdout)
	}
}

func TestHelpIsNoError(t *testing.T) {
	stdout, stderr, err := run(t, "--help")
	if err != nil || stdout != "" {
		t.Errorf("%v, stdout %q", err, stdout)
	}
	for _, want := range []string{"--config FILE", "--check-config", "--version", "SIGTERM"} {
		if !strings.Contains(stderr, want) {
			t.Errorf("help does not show %q", want)
		}
	}
}

func TestCommandLinesThatAreNone(t *testing.T) {
	for _, c := range []struct {
		name string
		args []string
		want []string // of error and stderr together
	}{
		{"unknown flag", []string{"--nothing"}, []string{"-nothing", "--help"}},
		{"flag without its value", []string{"--config"}, []string{"-config", "--help"}},
		{"flag of a wrong type", []string{"--version=maybe"}, []string{"maybe", "-version", "--help"}},
		{"nothing", nil, []string{"--config FILE is missing", "docs/configuration.md"}},
		{"check of nothing", []string{"--check-config"}, []string{"--config FILE is missing"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stdout, stderr, err := run(t, c.args...)
			if err == nil || stdout != "" {
				t.Fatalf("error %v, stdout %q", err, stdout)
			}
			for _, want := range c.want {
				if text := stderr + err.Error(); !strings.Contains(text, want) {
					t.Errorf("%q does not say %q", text, want)
				}
			}
		})
	}
}

func TestConfigurationsThatAreNone(t *testing.T) {
	for _, c := range []struct {
		name   string
		oldnew []string
		want   []string
	}{
		{"broken YAML", []string{"protocols: [tcp]", "protocols: [tcp"}, []string{"line "}},
		{"unknown key", []string{"    address: 127.0.0.1:0", "    endpoint: 127.0.0.1:0"}, []string{"apis.coap.endpoint"}},
		{"unknown protocol", []string{"[tcp]", "[sctp]"}, []string{"apis.coap.protocols", "sctp", "tcp"}},
		{"wrong type", []string{"    protocols: [tcp]", "    messagePoolSize: many"}, []string{"apis.coap.messagePoolSize", "many"}},
		{"plgd's storage", []string{"    bolt:\n", "    use: mongoDB\n    bolt:\n"}, []string{"clients.storage.use", "mongoDB", "bolt"}},
		{"group without owner", []string{`owner: "1"`, `owner: ""`}, []string{"enrollmentGroups[0].owner"}},
		{"id that is none", []string{"98be12de-3991-4567-aeea-edd9a656e6df", "mine"}, []string{"enrollmentGroups[0].id", "mine", "UUID"}},
		{"short key", []string{preSharedKey, preSharedKey[:15]}, []string{"enrollmentGroups[0].preSharedKey", "16"}},
		{"two at once", []string{`owner: "1"`, `owner: ""`, "[tcp]", "[sctp]"}, []string{"enrollmentGroups[0].owner", "apis.coap.protocols"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := configured(t, c.oldnew...)
			for _, args := range [][]string{{"--config", file}, {"--config", file, "--check-config"}} {
				stdout, _, err := run(t, args...)
				if err == nil || stdout != "" {
					t.Fatalf("%v: error %v, stdout %q", args[2:], err, stdout)
				}
				for _, want := range append(c.want, file) {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("%v: %q does not say %q", args[2:], err, want)
					}
				}
				if strings.Contains(err.Error(), preSharedKey[:15]) {
					t.Errorf("%q tells the key", err)
				}
			}
		})
	}
}

func TestAMissingConfigurationIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "none.yaml")
	for _, args := range [][]string{{"--config", file}, {"--config", file, "--check-config"}} {
		if _, _, err := run(t, args...); err == nil || !strings.Contains(err.Error(), file+": no such file") {
			t.Errorf("%v: %v", args[2:], err)
		}
	}
}

func TestCheckConfigReadsEveryFile(t *testing.T) {
	for _, c := range []struct {
		name, property string
		oldnew         []string
	}{
		{"TLS key", "apis.coap.tls.keyFile", []string{"/leaf.key", "/gone.key"}},
		{"TLS certificate", "apis.coap.tls.certFile", []string{"/leaf.crt", "/gone.crt"}},
		{"manufacturer's chain", "enrollmentGroups[0].attestationMechanism.x509.certificateChain", []string{"certificateChain: ", "certificateChain: /gone"}},
		{"client secret", "enrollmentGroups[0].hub.authorization.provider.clientSecretFile", []string{"clientSecret: " + clientSecret, "clientSecretFile: /gone/secret"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			stdout, _, err := run(t, "--config", configured(t, c.oldnew...), "--check-config")
			if err == nil || !strings.Contains(err.Error(), c.property) || strings.Contains(stdout, "good") {
				t.Errorf("%v does not name %s; stdout %q", err, c.property, stdout)
			}
		})
	}
}

func TestCheckConfigChecksAndStops(t *testing.T) {
	file := configured(t, "clients:\n", "log:\n  stacktrace:\n    level: warn\nclients:\n")
	stdout, stderr, err := run(t, "--config", file, "--check-config")
	if err != nil || stderr != "" {
		t.Errorf("%v, stderr %q", err, stderr)
	}
	if !strings.Contains(stdout, "configuration is good: 1 enrollment group(s)\n") || !strings.Contains(stdout, "note: log.stacktrace.level") {
		t.Errorf("stdout %q", stdout)
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(file), "dps.db")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("it has opened the database: %v", err)
	}
}

func TestMainServesUntilItIsTold(t *testing.T) {
	t.Cleanup(func() { goleak.VerifyNone(t) })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	log := &watched{text: "devices may connect", then: cancel}
	if err := Main(ctx, []string{"--config", configured(t)}, io.Discard, log); err != nil {
		t.Fatal(err)
	}
	text := log.String()
	holdsNoSecret(t, text)
	if !strings.Contains(text, "drained") {
		t.Errorf("it has not drained:\n%s", text)
	}
}

func TestMainNamesTheSettingThatKeepsItFromServing(t *testing.T) {
	for _, c := range []struct {
		name, want string
		oldnew     []string
	}{
		{"no TLS key", "apis.coap.tls", []string{"/leaf.key", "/gone.key"}},
		{"no folder for the database", "clients.storage.bolt.path", []string{"/dps.db", "/gone/dps.db"}},
		{"address of another machine", "192.0.2.1", []string{"address: 127.0.0.1:0", "address: 192.0.2.1:5688"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, _, err := run(t, "--config", configured(t, c.oldnew...)); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v does not name %s", err, c.want)
			}
		})
	}
}

func TestExitCodes(t *testing.T) {
	program := filepath.Join(t.TempDir(), "ingress")
	if output, err := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	good := configured(t)
	for _, c := range []struct {
		args []string
		code int
		last string // line of output
	}{
		{[]string{"--version"}, 0, runtime.Version()},
		{[]string{"--config", good, "--check-config"}, 0, "configuration is good"},
		{[]string{"--nothing"}, 1, "see --help"},
		{nil, 1, "--config FILE is missing"},
		{[]string{"--config", good + ".gone"}, 1, "no such file"},
	} {
		cmd := exec.CommandContext(t.Context(), program, c.args...)
		output, _ := cmd.CombinedOutput() // the exit code says it
		lines := strings.Split(strings.TrimSpace(string(output)), "\n")
		if code := cmd.ProcessState.ExitCode(); code != c.code || !strings.Contains(lines[len(lines)-1], c.last) {
			t.Errorf("%v: exit code %d, want %d; output ends with %q, want %q", c.args, code, c.code, lines[len(lines)-1], c.last)
		}
		holdsNoSecret(t, string(output))
	}
}

// watched is a log that does something at the first line with a text.
type watched struct {
	text string
	then func()

	mu  sync.Mutex
	log bytes.Buffer
}

func (w *watched) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if bytes.Contains(p, []byte(w.text)) {
		w.then()
	}
	return w.log.Write(p)
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.log.String()
}
