//go:build localstack

package split_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/testcontainers/testcontainers-go"
	"github.com/testcontainers/testcontainers-go/modules/localstack"

	"dps/client/device"
	"dps/localstack/lambda"
	"dps/localstack/split"
	"dps/localstack/stack"
	"dps/shared/dps"
)

// TestOnLocalStack is the deployed shape over LocalStack in a container: opt-in, as it needs a Docker daemon, the right to
// pull its image, and a licence token.
func TestOnLocalStack(t *testing.T) {
	token := os.Getenv("LOCALSTACK_AUTH_TOKEN")
	if token == "" {
		t.Fatal("LOCALSTACK_AUTH_TOKEN is not set: LocalStack needs a licence token; without one run `make test-aws`")
	}
	container, err := localstack.Run(t.Context(), "localstack/localstack:2026.10",
		testcontainers.WithEnv(map[string]string{"LOCALSTACK_AUTH_TOKEN": token, "SERVICES": "dynamodb,secretsmanager"}))
	testcontainers.CleanupContainer(t, container)
	if err != nil {
		t.Fatalf("LocalStack does not start: %v", err)
	}
	endpoint, err := container.PortEndpoint(t.Context(), "4566/tcp", "http")
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": endpoint, "AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_ENDPOINT_URL_LAMBDA": "",
	} {
		t.Setenv(name, value)
	}
	s, err := split.Start(t.Context(), split.Options{
		Name: "test-" + dps.NewUUID()[:8], Stack: stack.Options{Dir: t.TempDir()}, Lambda: lambda.Options{Output: t.Output()},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	summary, err := device.RunFleet(t.Context(), device.FleetConfig{
		Count: 10, Concurrency: 5, ConnectToGateway: true,
		NewDevice: func(i int) (device.Config, error) { return s.NewDevice("tcp", fmt.Sprintf("lamp-%d", i)) },
	})
	if err != nil || summary.OK != 10 {
		t.Errorf("%s, %v", summary, err)
	}
}
