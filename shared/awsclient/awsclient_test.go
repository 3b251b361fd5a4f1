package awsclient_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"dps/shared/awsclient"
	"dps/shared/dps"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// environment leaves nothing of the caller's AWS settings, and no way to ask the network for others.
func environment(t *testing.T, variables map[string]string) {
	t.Helper()
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); strings.HasPrefix(name, "AWS_") {
			t.Setenv(name, "")
			if err := os.Unsetenv(name); err != nil {
				t.Fatal(err)
			}
		}
	}
	nowhere := filepath.Join(t.TempDir(), "none")
	t.Setenv("AWS_CONFIG_FILE", nowhere)
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", nowhere)
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	for name, value := range variables {
		t.Setenv(name, value)
	}
}

func complete() map[string]string {
	return map[string]string{"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "hush"}
}

func with(name, value string) map[string]string {
	variables := complete()
	variables[name] = value
	return variables
}

func TestConfigTakesTheEnvironment(t *testing.T) {
	environment(t, with("AWS_ENDPOINT_URL", "http://localhost:4566"))
	cfg, err := awsclient.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	credentials, err := cfg.Credentials.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := []any{cfg.Region, *cfg.BaseEndpoint, credentials.AccessKeyID, cfg.RetryMaxAttempts}
	if diff := cmp.Diff([]any{"eu-central-1", "http://localhost:4566", "key", 4}, got); diff != "" {
		t.Error(diff)
	}
}

func TestConfigSaysWhatToSet(t *testing.T) {
	tests := []struct {
		name      string
		variables map[string]string
		want      []string
	}{
		{"no region", with("AWS_REGION", ""), []string{"AWS_REGION"}},
		{"no credentials", map[string]string{"AWS_REGION": "eu-central-1"}, []string{"AWS_PROFILE", "AWS_ACCESS_KEY_ID"}},
		{"half the credentials", with("AWS_SECRET_ACCESS_KEY", ""), []string{"AWS_SECRET_ACCESS_KEY"}},
		{"an unknown profile", with("AWS_PROFILE", "nobody"), []string{"AWS_PROFILE", "nobody", "AWS_CONFIG_FILE"}},
		{"an endpoint without scheme", with("AWS_ENDPOINT_URL", "localhost:4566"), []string{"AWS_ENDPOINT_URL", "http://"}},
		{"endpoints of services", with("AWS_ENDPOINT_URL_LAMBDA", "::"), []string{"AWS_ENDPOINT_URL_LAMBDA"}},
		{"attempts that are no number", with("AWS_MAX_ATTEMPTS", "many"), []string{"AWS_MAX_ATTEMPTS"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			environment(t, tt.variables)
			_, err := awsclient.Config(t.Context())
			if dps.CodeOf(err) != dps.CodeInvalid {
				t.Fatalf("%v, want code %s", err, dps.CodeInvalid)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not name %s", err, want)
				}
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("%q repeats a secret", err)
			}
		})
	}
}

func TestAttemptsOfTheEnvironmentWin(t *testing.T) {
	environment(t, with("AWS_MAX_ATTEMPTS", "9"))
	cfg, err := awsclient.Config(t.Context())
	if err != nil || cfg.RetryMaxAttempts != 9 {
		t.Errorf("%d attempts, %v; want 9", cfg.RetryMaxAttempts, err)
	}
}

// TestConnectionsAreKept: a burst of calls keeps its connections for the next one.
func TestConnectionsAreKept(t *testing.T) {
	environment(t, complete())
	cfg, err := awsclient.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	client, ok := cfg.HTTPClient.(*awshttp.BuildableClient)
	if !ok {
		t.Fatalf("the client is a %T", cfg.HTTPClient)
	}
	transport := client.GetTransport()
	if transport.MaxIdleConnsPerHost < 100 || transport.DisableKeepAlives || client.GetDialer().Timeout > 3*time.Second {
		t.Errorf("idle connections %d, keep-alive off %v, dial timeout %v", transport.MaxIdleConnsPerHost, transport.DisableKeepAlives, client.GetDialer().Timeout)
	}
}

func TestFullJitter(t *testing.T) {
	j := awsclient.FullJitter{Base: 10, Cap: 55}
	for attempt, ceiling := range map[int]time.Duration{1: 10, 2: 20, 3: 40, 4: 55, 5: 55, 1 << 20: 55} {
		seen := map[time.Duration]bool{}
		for range 5000 {
			d := j.Delay(attempt)
			if d < 0 || d >= ceiling {
				t.Fatalf("attempt %d waits %d, want under %d", attempt, d, ceiling)
			}
			seen[d] = true
		}
		if len(seen) != int(ceiling) {
			t.Errorf("attempt %d waits %d different times, want all %d", attempt, len(seen), ceiling)
		}
	}
}
