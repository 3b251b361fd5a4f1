package main

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"go.yaml.in/yaml/v3"
	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// asProgram makes the test's binary be the program.
const asProgram = "HUB_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func program(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), asProgram+"=1")
	return cmd
}

// printed is what the program prints, as far as it is used here.
type printed struct {
	Hub struct {
		CAPool        string `yaml:"caPool"`
		Authorization struct {
			OwnerClaim string `yaml:"ownerClaim"`
			Provider   struct {
				Authority    string `yaml:"authority"`
				ClientID     string `yaml:"clientID"`
				ClientSecret string `yaml:"clientSecret"`
				Audience     string `yaml:"audience"`
			} `yaml:"provider"`
		} `yaml:"authorization"`
	} `yaml:"hub"`
}

func TestTheProgramServesUntilSIGTERM(t *testing.T) {
	for _, signal := range []os.Signal{syscall.SIGTERM, os.Interrupt} {
		t.Run(signal.String(), func(t *testing.T) {
			cmd := program(t, "--dir", filepath.Join(t.TempDir(), "made"))
			var stderr strings.Builder
			cmd.Stderr = &stderr
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			use(t, read(t, stdout))
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v: %s", err, &stderr)
			}
			if stderr.Len() > 0 {
				t.Errorf("stderr: %s", &stderr)
			}
		})
	}
}

// read reads up to the last line that the program prints.
func read(t *testing.T, stdout io.Reader) (p printed) {
	t.Helper()
	var text strings.Builder
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		text.WriteString(lines.Text() + "\n")
		if !strings.Contains(lines.Text(), "http:") {
			continue
		}
		for range 2 { // tls, and its root
			lines.Scan()
			text.WriteString(lines.Text() + "\n")
		}
		break
	}
	if err := yaml.Unmarshal([]byte(text.String()), &p); err != nil || p.Hub.CAPool == "" {
		t.Fatalf("%v in\n%s", err, &text)
	}
	return p
}

// use gets a token as what is printed says.
func use(t *testing.T, p printed) {
	t.Helper()
	root, err := os.ReadFile(p.Hub.CAPool)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(root)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}
	defer transport.CloseIdleConnections()
	provider := p.Hub.Authorization.Provider
	c := clientcredentials.Config{
		ClientID: provider.ClientID, ClientSecret: provider.ClientSecret, TokenURL: provider.Authority + "/oauth/token",
		EndpointParams: url.Values{"audience": {provider.Audience}, p.Hub.Authorization.OwnerClaim: {"1"}},
	}
	if _, err := c.Token(context.WithValue(t.Context(), oauth2.HTTPClient, &http.Client{Transport: transport})); err != nil {
		t.Error(err)
	}
}

func TestTheProgramSaysWhatIsWrong(t *testing.T) {
	cmd := program(t, "--dir", t.TempDir(), "--hub-id", "mine")
	output, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("%v, want exit code 1", err)
	}
	if text := string(output); !strings.HasPrefix(text, `--hub-id "mine" is no UUID: give`) || strings.Count(text, "\n") != 1 {
		t.Errorf("%q is not one line that names flag, value and remedy", text)
	}
}

func TestHelpEndsWell(t *testing.T) {
	if output, err := program(t, "--help").CombinedOutput(); err != nil || !strings.Contains(string(output), "-dir FOLDER") {
		t.Errorf("%v: %s", err, output)
	}
}
