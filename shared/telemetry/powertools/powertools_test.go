package powertools_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"regexp"
	"strings"
	"testing"

	"go.opentelemetry.io/otel/trace"

	"dps/shared/telemetry"
	"dps/shared/telemetry/powertools"
)

var function = powertools.Function{Service: "enroll", Name: "dps-enroll", Memory: 256, Version: "7"}

var invocation = powertools.Invocation{
	RequestID: "79b4f56e-95b1-4643-9700-2807f4e68189", ARN: "arn:aws:lambda:eu-central-1:123456789012:function:dps-enroll:live",
	TraceID: "1-5759e988-bd862e3fe1be46a994272793", ColdStart: true,
}

func parse(t *testing.T, b *bytes.Buffer) map[string]any {
	t.Helper()
	var line map[string]any
	if err := json.Unmarshal(b.Bytes(), &line); err != nil {
		t.Fatalf("%v: %s", err, b.String())
	}
	b.Reset()
	return line
}

func TestALine(t *testing.T) {
	var b bytes.Buffer
	log := powertools.NewLogger(&b, slog.LevelInfo, function)
	log.WarnContext(powertools.With(t.Context(), invocation), "invocation failed", "code", "unavailable")
	line := parse(t, &b)
	if ts := fmt.Sprint(line["timestamp"]); !regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`).MatchString(ts) {
		t.Errorf("timestamp %s", ts)
	}
	delete(line, "timestamp")
	want := map[string]any{
		"level": "WARN", "message": "invocation failed", "service": "enroll", "function_name": "dps-enroll", "function_memory_size": 256.0,
		"function_version": "7", "function_arn": invocation.ARN, "function_request_id": invocation.RequestID,
		"xray_trace_id": invocation.TraceID, "cold_start": true, "code": "unavailable",
	}
	if fmt.Sprint(line) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", line, want)
	}
}

func TestLevels(t *testing.T) {
	var b bytes.Buffer
	log := powertools.NewLogger(&b, slog.LevelDebug, powertools.Function{Service: "s"})
	for level, want := range map[slog.Level]string{slog.LevelDebug: "DEBUG", slog.LevelInfo: "INFO", slog.LevelWarn: "WARN", slog.LevelError: "ERROR", slog.LevelError + 4: "ERROR"} {
		log.Log(t.Context(), level, "m")
		if line := parse(t, &b); line["level"] != want {
			t.Errorf("%s: %v", level, line)
		}
	}
	powertools.NewLogger(&b, slog.LevelError, function).Warn("m")
	if b.Len() != 0 {
		t.Errorf("below the level: %s", b.String())
	}
}

func TestTheFactsStayAtTheTop(t *testing.T) {
	var b bytes.Buffer
	log := powertools.NewLogger(&b, slog.LevelInfo, function).With("bound", 1).WithGroup("g").With("inner", 2).WithGroup("")
	log.InfoContext(powertools.With(t.Context(), invocation), "m", "level", "mine", "message", "mine")
	line := parse(t, &b)
	g, _ := line["g"].(map[string]any)
	if line["function_request_id"] != invocation.RequestID || line["cold_start"] != true || line["bound"] != 1.0 || line["level"] != "INFO" || line["message"] != "m" {
		t.Errorf("got %v", line)
	}
	if g["inner"] != 2.0 || g["level"] != "mine" || g["message"] != "mine" {
		t.Errorf("group %v", g)
	}
}

func TestOutsideAnInvocation(t *testing.T) {
	var b bytes.Buffer
	powertools.NewLogger(&b, slog.LevelInfo, function).Info("m")
	line := parse(t, &b)
	for _, key := range []string{"cold_start", "function_request_id", "xray_trace_id", "function_arn"} {
		if _, ok := line[key]; ok {
			t.Errorf("%s is told where there is no invocation: %v", key, line)
		}
	}
	if _, ok := powertools.From(t.Context()); ok {
		t.Error("From finds an invocation")
	}
}

func TestSecretsAndTraces(t *testing.T) {
	var b bytes.Buffer
	sc := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	log := powertools.NewLogger(&b, slog.LevelInfo, function).With("clientSecret", "hush")
	log.InfoContext(trace.ContextWithSpanContext(t.Context(), sc), "m", "accessToken", "hush")
	text := b.String()
	if line := parse(t, &b); strings.Contains(text, "hush") || line["accessToken"] != telemetry.Redacted || line["trace_id"] != sc.TraceID().String() {
		t.Errorf("got %s", text)
	}
}

func TestColdStarts(t *testing.T) {
	var c powertools.ColdStarts
	if !c.Next() || c.Next() || c.Next() {
		t.Error("want cold once")
	}
}

func TestFromEnv(t *testing.T) {
	env := map[string]string{"AWS_LAMBDA_FUNCTION_NAME": "dps-enroll", "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256", "AWS_LAMBDA_FUNCTION_VERSION": "7"}
	lookup := func(key string) string { return env[key] }
	if got := powertools.FromEnv(lookup, "enroll"); got != function {
		t.Errorf("got %+v", got)
	}
	env["POWERTOOLS_SERVICE_NAME"] = "provisioning"
	if got := powertools.FromEnv(lookup, "enroll"); got.Service != "provisioning" {
		t.Errorf("got %+v", got)
	}
}

func TestXRayTraceID(t *testing.T) {
	for header, want := range map[string]string{
		"Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1": "1-5759e988-bd862e3fe1be46a994272793",
		"Sampled=0;Root=1-a-b": "1-a-b",
		"Parent=1":             "",
		"":                     "",
	} {
		if got := powertools.XRayTraceID(header); got != want {
			t.Errorf("%q: %q, want %q", header, got, want)
		}
	}
}
