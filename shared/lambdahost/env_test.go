package lambdahost_test

import (
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"dps/shared/dps"
	"dps/shared/lambdahost"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func environment(variables map[string]string) *lambdahost.Env {
	return lambdahost.NewEnv(func(name string) (string, bool) { v, ok := variables[name]; return v, ok })
}

func TestEnv(t *testing.T) {
	env := environment(map[string]string{
		"DPS_TABLE": "dps.prod-Data_1", "DPS_SECRETS_PREFIX": "dps/prod", "DPS_LOG_LEVEL": "WARN",
		"DPS_TOKEN_FUNCTION": "arn:aws:lambda:eu-central-1:123456789012:function:dps-token", "DPS_SIGN_FUNCTION": "dps-sign",
	})
	table, prefix, function, level := env.Table(), env.SecretsPrefix(), env.TokenFunction(), env.LogLevel()
	if err := env.Err(); err != nil {
		t.Fatal(err)
	}
	if table != "dps.prod-Data_1" || prefix != "dps/prod" || !strings.HasSuffix(function, ":dps-token") || env.SignFunction() != "dps-sign" || level != slog.LevelWarn {
		t.Errorf("%q %q %q %s", table, prefix, function, level)
	}
	if level := environment(nil).LogLevel(); level != slog.LevelInfo {
		t.Errorf("level %s where none is set", level)
	}
}

// All problems at once, each with the variable, the value and what to write instead.
func TestEnvTellsOfAllProblems(t *testing.T) {
	tests := []struct {
		name      string
		variables map[string]string
		want      []string
	}{
		{"nothing is set", nil, []string{
			"DPS_TABLE is not set: set it to the name of the DynamoDB table",
			"DPS_SECRETS_PREFIX is not set", "DPS_TOKEN_FUNCTION is not set", "AWS_REGION",
		}},
		{"everything is wrong", map[string]string{
			"DPS_TABLE": "a table", "DPS_SECRETS_PREFIX": "/dps/", "DPS_TOKEN_FUNCTION": "token function", "DPS_LOG_LEVEL": "loud",
		}, []string{
			`DPS_TABLE is "a table": want 3 to 255 letters`, `DPS_SECRETS_PREFIX is "/dps/": want letters`,
			`DPS_TOKEN_FUNCTION is "token function": want 1 to 64 letters`, `DPS_LOG_LEVEL is "loud": want debug, info, warn or error`, "AWS_REGION",
		}},
		{"empty is not set", map[string]string{"DPS_TABLE": ""}, []string{"DPS_TABLE is not set"}},
		{"a long value is cut", map[string]string{"DPS_TABLE": strings.Repeat("x", 300)}, []string{`DPS_TABLE is "` + strings.Repeat("x", 64) + `": want`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			env := environment(tt.variables)
			env.Table()
			env.SecretsPrefix()
			env.TokenFunction()
			env.LogLevel()
			env.Check(nil)
			env.Check(dps.Errorf(dps.CodeInvalid, "AWS_REGION is not set"))
			err := env.Err()
			if dps.CodeOf(err) != dps.CodeInvalid {
				t.Fatalf("error %v", err)
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q lacks %q", err, want)
				}
			}
		})
	}
}
