package awsclient_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"dps/shared/awsclient"
	"dps/shared/telemetry"
	"dps/shared/telemetry/pipeline"
	"dps/shared/telemetry/tracetree"
)

// TestCallsAreTraced: each call is in its caller's trace, with what AWS refused it for; a refusal that is reckoned with is none.
func TestCallsAreTraced(t *testing.T) {
	answer := ""
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if answer != "" {
			w.WriteHeader(http.StatusBadRequest)
		}
		_, _ = w.Write([]byte(`{"__type":"` + answer + `"}`))
	}))
	defer server.Close()
	for name, value := range map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_ENDPOINT_URL": server.URL, "AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(name, value)
	}
	cfg, err := awsclient.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	cfg.HTTPClient = server.Client()
	for code, want := range map[string]string{"": "", "ConditionalCheckFailedException": "ConditionalCheckFailedException", "AccessDeniedException": "✗ AccessDeniedException"} {
		answer = code
		spans := tracetree.New()
		tracing, err := pipeline.NewTracing(pipeline.Source{}, pipeline.TracingOptions{Ratio: 1, Also: []sdktrace.SpanProcessor{spans}})
		if err != nil {
			t.Fatal(err)
		}
		ctx, root := telemetry.NewTracer(tracing.Provider()).Serve(t.Context(), "function")
		_, _ = dynamodb.NewFromConfig(cfg).DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String("t")})
		root.End(nil)
		var out bytes.Buffer
		if err := spans.WriteAll(&out); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if len(lines) != 2 || !strings.Contains(lines[1], "└─ DynamoDB/DescribeTable") || !strings.Contains(lines[1], want) || strings.Contains(lines[1], "✗") != strings.HasPrefix(want, "✗") {
			t.Errorf("%s:\n%s", code, out.String())
		}
		_ = tracing.Shutdown(t.Context())
	}
}
