//go:build aws

package dynamodb_test

import (
	"net/http"
	"os"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	sdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dps/shared/dps"
	"dps/shared/store/dynamodb"
)

// emulator is where DynamoDB Local answers.
func emulator(t testing.TB) string {
	t.Helper()
	const variable = "AWS_ENDPOINT_URL_DYNAMODB"
	endpoint := os.Getenv(variable)
	if endpoint == "" {
		t.Fatalf("%s is not set: run this by `make test-dynamodb`, which starts DynamoDB Local", variable)
	}
	return endpoint
}

// newClient speaks to DynamoDB Local, or to what stands in front of it.
func newClient(t testing.TB, endpoint string) *sdk.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConnsPerHost: 64}
	t.Cleanup(transport.CloseIdleConnections)
	return sdk.New(sdk.Options{
		Region: "eu-central-1", Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
		BaseEndpoint: &endpoint, HTTPClient: &http.Client{Transport: transport},
	})
}

// newTable makes a table of its own for the test, and gives its name.
func newTable(t testing.TB, client *sdk.Client) string {
	t.Helper()
	name := "dps-" + dps.NewUUID()
	if err := dynamodb.CreateTable(t.Context(), client, name); err != nil {
		t.Fatal(err)
	}
	return name
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
