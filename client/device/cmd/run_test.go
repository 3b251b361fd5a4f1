package main

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dps/client/device"
	"dps/shared/ocf"
	"dps/shared/pki"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// files writes a CA's certificate and key, and gives their names.
func files(t *testing.T) (cert, key string) {
	t.Helper()
	ca, err := pki.NewRoot("Vendor Root")
	if err != nil {
		t.Fatal(err)
	}
	keyPEM, err := ca.KeyPEM()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "ca.pem"), filepath.Join(dir, "ca.key")
	for name, data := range map[string][]byte{cert: ca.CertificatePEM(), key: keyPEM} {
		if err := os.WriteFile(name, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return cert, key
}

// runIt runs the command line with words CA and KEY replaced by files.
func runIt(t *testing.T, line string) (code int, stdout, stderr string) {
	t.Helper()
	cert, key := files(t)
	args := strings.Fields(strings.NewReplacer("CA", cert, "KEY", key).Replace(line))
	var out, errs bytes.Buffer
	code = run(t.Context(), args, &out, &errs)
	return code, out.String(), errs.String()
}

func TestUsage(t *testing.T) {
	for _, tt := range []struct {
		name, line string
		code       int
		stderr     string
	}{
		{"help", "--help", exitOK, "--manufacturer-ca-cert vendor.pem"},
		{"unknown option", "--nonsense", exitUsage, "nonsense"},
		{"argument", "--ca CA extra", exitUsage, `"extra" is no option`},
		{"nothing", "", exitUsage, "--ca is missing"},
		{"no certificate", "--ca CA", exitUsage, "give either --cert and --key"},
		{"two certificates", "--ca CA --cert CA --key KEY --manufacturer-ca-cert CA", exitUsage, "give either"},
		{"no key", "--ca CA --cert CA", exitUsage, "--cert and --key go together"},
		{"no CA key", "--ca CA --manufacturer-ca-cert CA", exitUsage, "--manufacturer-ca-key go together"},
		{"no devices", "--ca CA --cert CA --key KEY --count 0", exitUsage, "--count 0"},
		{"one certificate for many", "--ca CA --cert CA --key KEY --count 2", exitUsage, "each device needs its own"},
		{"protocol", "--ca CA --cert CA --key KEY --protocol sctp", exitUsage, `--protocol "sctp"`},
		{"no file", "--ca /nowhere --cert CA --key KEY", exitUsage, "--ca: open /nowhere"},
		{"no PEM", "--ca KEY --cert CA --key KEY", exitUsage, "holds no certificate in PEM"},
		{"no gateway PEM", "--ca CA --gateway-ca KEY --cert CA --key KEY", exitUsage, "--gateway-ca"},
		{"swapped", "--ca CA --cert KEY --key CA", exitUsage, "--cert and --key: "},
		{"no cert file", "--ca CA --cert /nowhere --key KEY", exitUsage, "open /nowhere"},
		{"no key file", "--ca CA --manufacturer-ca-cert CA --manufacturer-ca-key /nowhere", exitUsage, "open /nowhere"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, _, stderr := runIt(t, tt.line)
			if code != tt.code || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("exit code %d, want %d; standard error, want %q in it:\n%s", code, tt.code, tt.stderr, stderr)
			}
		})
	}
}

func TestDevicesFail(t *testing.T) {
	for _, tt := range []struct{ name, line, stdout, stderr string }{
		{"one", "--ca CA --cert CA --key KEY", "FAILED: handshake: cannot connect", ""},
		{"setup", "--ca CA --cert CA --key KEY --endpoint x", `Endpoint "x"`, ""},
		{"old order, TLS 1.3", "--ca CA --gateway-ca CA --cert CA --key KEY --old-order --tls13", "cannot connect", ""},
		{"TLS 1.3 over UDP", "--ca CA --cert CA --key KEY --tls13 --protocol udp", "DTLS is 1.2", ""},
		{"many", "--ca CA --manufacturer-ca-cert CA --manufacturer-ca-key KEY --count 20 --concurrency 3", "0 ok, 20 failed",
			"20 of 20 devices done, 20 failed"},
		{"verbose", "--ca CA --cert CA --key KEY -v", "0 ok, 1 failed", "msg=failed device="},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := runIt(t, tt.line+endpointOf(tt.line))
			if code != exitFailed || !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) {
				t.Errorf("exit code %d, want %d; standard output\n%s\nstandard error\n%s", code, exitFailed, stdout, stderr)
			}
		})
	}
}

// endpointOf adds an endpoint where nobody listens.
func endpointOf(line string) string {
	if strings.Contains(line, "--endpoint") {
		return ""
	}
	return " --endpoint coaps+tcp://127.0.0.1:1"
}

func TestJSON(t *testing.T) {
	code, stdout, _ := runIt(t, "--ca CA --cert CA --key KEY --json --endpoint coaps+tcp://127.0.0.1:1")
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	if code != exitFailed || len(lines) != 2 {
		t.Fatalf("exit code %d, %d lines\n%s", code, len(lines), stdout)
	}
	var line deviceLine
	if err := json.Unmarshal([]byte(lines[0]), &line); err != nil || line.OK || !strings.Contains(line.Error, "cannot connect") {
		t.Errorf("%v: %s", err, lines[0])
	}
	var end struct{ Summary device.Summary }
	if err := json.Unmarshal([]byte(lines[1]), &end); err != nil || end.Summary.Failed != 1 || end.Summary.Errors[0].Step != device.StepHandshake {
		t.Errorf("%v: %s", err, lines[1])
	}
}

// TestAccount reports a device that went all the way.
func TestAccount(t *testing.T) {
	ca, err := pki.NewRoot("Identity Root")
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := ca.NewLeaf("uuid:me")
	if err != nil {
		t.Fatal(err)
	}
	result := &device.Result{DeviceID: "me", Owner: "owner", Identity: []*x509.Certificate{leaf.Certificate}, ACEs: make([]ocf.ACE, 3), Attempts: 1,
		PSK:   &device.PSK{Subject: "owner", Key: "0123456789abcdef"},
		Cloud: device.Cloud{AccessToken: "very-secret", GatewayURI: "coaps+tcp://hub:5684", HubID: "hub"}}
	outcome := device.Outcome{DeviceID: "me", Provisioned: result, Renewed: result,
		Registration: &device.Registration{GatewayURI: "coaps+tcp://hub:5684", UserID: "user", ExpiresIn: time.Hour}}
	for _, tt := range []struct {
		json bool
		want []string
	}{
		{false, []string{"CN=uuid:me", "registered and signed in at coaps+tcp://hub:5684 as user user, session of 1h0m0s", "renewed:", "1 ok"}},
		{true, []string{`"registered":true`, `"renewed":true`, `"preSharedKey":true`, `"accessControlEntries":3`, `"ok":1`}},
	} {
		var out bytes.Buffer
		r := newReport(options{count: 1, json: tt.json}, &out)
		r.done(0, outcome)
		r.end(&device.Summary{OK: 1})
		for _, want := range tt.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("%q is missing in\n%s", want, &out)
			}
		}
		if strings.Contains(out.String(), "very-secret") || strings.Contains(out.String(), "0123456789abcdef") {
			t.Errorf("a secret in\n%s", &out)
		}
	}
}

func TestURI(t *testing.T) {
	for _, tt := range []struct{ endpoint, protocol, want string }{
		{"coaps+tcp://h:1", "", "coaps+tcp://h:1"},
		{"coaps+tcp://h:1", "udp", "coaps://h:1"},
		{"coaps://h:1", "tcp", "coaps+tcp://h:1"},
		{"h:1", "udp", "h:1"},
	} {
		if got := (options{endpoint: tt.endpoint, protocol: tt.protocol}).uri(); got != tt.want {
			t.Errorf("%q over %q: %q, want %q", tt.endpoint, tt.protocol, got, tt.want)
		}
	}
}
