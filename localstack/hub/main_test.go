package hub_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"dps/localstack/hub"
)

func TestHelpIsNoError(t *testing.T) {
	var stderr bytes.Buffer
	if err := hub.Main(t.Context(), []string{"--help"}, io.Discard, &stderr); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"-dir FOLDER", "-config FILE", "-gateway-port PORT", "go run ./localstack/hub/cmd"} {
		if !strings.Contains(stderr.String(), want) {
			t.Errorf("help does not show %q", want)
		}
	}
}

func TestFlagsAreChecked(t *testing.T) {
	for _, c := range []struct {
		args string
		want []string
	}{
		{"--nothing", []string{"-nothing", "--help lists the flags"}},
		{"--dir", []string{"flag needs an argument: -dir", "--help"}},
		{"start", []string{`"start" is no flag`, "--help"}},
		{"--oauth-port http", []string{`--oauth-port "http" is no port`, "0 to 65535"}},
		{"--authority-port -1", []string{`--authority-port "-1" is no port`}},
		{"--gateway-port 65536", []string{`--gateway-port "65536" is no port`}},
		{"--hub-id hub", []string{`--hub-id "hub" is no UUID`, hub.DefaultHubID}},
		{"--hub-id 00000000-0000-0000-0000-000000000000", []string{"--hub-id", "is no UUID"}},
		{"--host 0.0.0.0", []string{`--host "0.0.0.0" is no address to connect to: give`}},
		{"--host ::", []string{`--host "::"`}},
		{"--dir=", []string{"--dir is empty"}},
		{"--owner-claim=", []string{"--owner-claim is empty"}},
		{"--device-claim=", []string{"--device-claim is empty"}},
		{"--people-address 0.0.0.0:80", []string{`--people-address "0.0.0.0:80" is no address of this machine alone`, "127.0.0.1:0"}},
		{"--hub-id x --oauth-port y", []string{`--hub-id "x"`, `--oauth-port "y"`}},
		{"--host 192.0.2.1", []string{"192.0.2.1", "--host an address of this machine"}},
	} {
		t.Run(c.args, func(t *testing.T) {
			var stdout bytes.Buffer
			err := hub.Main(t.Context(), append([]string{"--dir", t.TempDir()}, strings.Fields(c.args)...), &stdout, io.Discard)
			if err == nil {
				t.Fatal("it ran")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if stdout.Len() > 0 {
				t.Errorf("stdout: %s", &stdout)
			}
		})
	}
}

func TestClientFilesAreChecked(t *testing.T) {
	const oneClient = "mockoauthserver: {oauth: [{name: plgd.dps, clientID: test, clientSecret: hidden, grantType: %}]}"
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"broken YAML", "mockoauthserver: [", []string{"line 1"}},
		{"no clients", "global: {domain: example.com}", []string{"mockoauthserver.oauth lists no client with grantType clientCredentials"}},
		{"people's clients alone", "mockoauthserver: {oauth: [{name: a, clientID: b, redirectURL: 'https://c/d'}]}", []string{"a provisioning service needs one"}},
		{"unknown grant", strings.Replace(oneClient, "%", "password", 1), []string{`mockoauthserver.oauth[0].grantType "password" is unknown: write clientCredentials`}},
		{
			"all at once", "mockoauthserver: {oauth: [{name: a, clientID: b, redirectURL: there}, {grantType: clientCredentials}]}",
			[]string{`oauth[0].redirectURL "there"`, "oauth[1].name is missing", "oauth[1].clientID is missing", "oauth[1].clientSecret is missing"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := write(t, "mock.yaml", c.text)
			err := hub.Main(t.Context(), []string{"--dir", t.TempDir(), "--config", path}, io.Discard, io.Discard)
			if err == nil {
				t.Fatal("it ran")
			}
			for _, want := range append(c.want, "--config", path) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if strings.Contains(err.Error(), "hidden") {
				t.Errorf("%q tells the secret", err)
			}
		})
	}
	missing := filepath.Join(t.TempDir(), "mock.yaml")
	err := hub.Main(t.Context(), []string{"--config", missing}, io.Discard, io.Discard)
	if !errors.Is(err, os.ErrNotExist) || !strings.Contains(err.Error(), missing) || !strings.Contains(err.Error(), "leave it out for the default clients") {
		t.Errorf("missing file: %v", err)
	}
}

// valuesFile is seed 001's, with what else stands in such files.
const valuesFile = `global:
  ownerClaim: "https://plgd.dev/owner"
mockoauthserver:
  enabled: true
  oauth:
    - name: "my.dps"
      clientID: "mine"
      clientSecret: "s3cr3t"
      grantType: "clientCredentials"
      scopes: ['openid']
      audience: "https://api.example.com"
      redirectURL: "https://mock.plgd.cloud/things"
    - name: "plgd.web"
      clientID: "test"
      clientSecret: "test"
      redirectURL: "https://mock.plgd.cloud/things"
      scopes: ['openid']
      useInUi: true
coapgateway:
  service:
    type: NodePort
`

func TestMainServesUntilItIsTold(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stdout := &first{then: cancel}
	args := []string{"--dir", t.TempDir(), "--config", write(t, "values.yaml", valuesFile), "--hub-id", deviceID, "--device-claim", "-", "--people-address", "127.0.0.1:0"}
	if err := hub.Main(ctx, args, stdout, io.Discard); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"hub:\n  caPool: /", "  hubID: " + deviceID, "name: my.dps", "clientID: mine", "coaps+tcp://127.0.0.1:", "log in at http://127.0.0.1:"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("%q is not in\n%s", want, stdout)
		}
	}
}

func TestMainEndsWhenNobodyCanReadWhereItIs(t *testing.T) {
	gone := errors.New("nobody reads")
	if err := hub.Main(t.Context(), []string{"--dir", t.TempDir()}, deaf{gone}, io.Discard); !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}

// first calls then at the first write.
type first struct {
	bytes.Buffer
	then func()
}

func (f *first) Write(p []byte) (int, error) {
	defer f.then()
	return f.Buffer.Write(p)
}

type deaf struct{ err error }

func (d deaf) Write([]byte) (int, error) { return 0, d.err }
