package lambdahost

import (
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"

	"dps/shared/dps"
	"dps/shared/telemetry"
)

// The functions' own environment variables; the template sets them.
const (
	VarTable         = "DPS_TABLE"          // name of the DynamoDB table
	VarSecretsPrefix = "DPS_SECRETS_PREFIX" //nolint:gosec // the variable's name; it holds what secrets' names begin with, without the '/' after it
	VarTokenFunction = "DPS_TOKEN_FUNCTION" //nolint:gosec // the variable's name; it holds the name or ARN of the token function without an alias, for sign
	VarSignFunction  = "DPS_SIGN_FUNCTION"  // name or ARN of the sign function without an alias, for api
	VarCollector     = "DPS_COLLECTOR"      // HOST:PORT of an OpenTelemetry collector, OTLP over gRPC; without it there are no traces
	VarLogLevel      = "DPS_LOG_LEVEL"      // debug, info, warn or error; info where it is not set
	// VarMetricsNamespace is the namespace under which metrics are written to the log, in CloudWatch's embedded metric format;
	// without it there are none.
	VarMetricsNamespace = "DPS_METRICS_NAMESPACE"
)

var (
	tableName    = regexp.MustCompile(`^[A-Za-z0-9_.-]{3,255}$`)
	functionName = regexp.MustCompile(`^(arn:[a-z0-9-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:)?[A-Za-z0-9_-]{1,64}$`)
)

// Env reads the environment variables of one function and collects everything that is wrong with them, so that an operator
// hears of it all at once.
type Env struct {
	lookup   func(string) (string, bool)
	problems []string
}

// NewEnv reads by lookup; nil is os.LookupEnv.
func NewEnv(lookup func(string) (string, bool)) *Env {
	if lookup == nil {
		lookup = os.LookupEnv
	}
	return &Env{lookup: lookup}
}

// Table is the name of the table.
func (e *Env) Table() string {
	return e.required(VarTable, "the name of the DynamoDB table", "3 to 255 letters, digits, '_', '.', '-'", tableName.MatchString)
}

// SecretsPrefix is what the names of all secrets begin with.
func (e *Env) SecretsPrefix() string {
	return e.required(VarSecretsPrefix, "what the names of the secrets begin with, as a rule the stack's name",
		"letters, digits, '-', '_', '.', with '/' between parts", func(s string) bool { return dps.CheckSecretName(s) == nil })
}

// TokenFunction is the name or ARN of the token function.
func (e *Env) TokenFunction() string { return e.function(VarTokenFunction, "token") }

// SignFunction is the name or ARN of the sign function.
func (e *Env) SignFunction() string { return e.function(VarSignFunction, "sign") }

func (e *Env) function(variable, name string) string {
	return e.required(variable, "the name or ARN of the "+name+" function, without an alias", "1 to 64 letters, digits, '_', '-', or an ARN that ends in such", functionName.MatchString)
}

// Text is a setting of one function: what says what to set it to. It must be set unless it has a default.
func (e *Env) Text(name, what, otherwise string) string {
	if value, ok := e.lookup(name); ok && value != "" {
		return value
	}
	if otherwise == "" {
		e.problem("%s is not set: set it to %s", name, what)
	}
	return otherwise
}

// Optional is a setting that may be left out.
func (e *Env) Optional(name string) string {
	value, _ := e.lookup(name)
	return value
}

// Switch is a setting that is true or false; otherwise where it is not set.
func (e *Env) Switch(name string, otherwise bool) bool {
	switch value := e.Optional(name); value {
	case "":
		return otherwise
	case "true":
		return true
	case "false":
		return false
	default:
		e.problem("%s is %s: want true or false", name, quote(value))
		return otherwise
	}
}

// LogLevel is the least level that is logged.
func (e *Env) LogLevel() slog.Level {
	value, ok := e.lookup(VarLogLevel)
	if !ok || value == "" {
		return slog.LevelInfo
	}
	level, ok := telemetry.ParseLevel(value)
	if !ok {
		e.problem("%s is %s: want debug, info, warn or error", VarLogLevel, quote(value))
	}
	return level
}

// Check collects what else is wrong with the environment, such as awsclient's errors; nil is no problem.
func (e *Env) Check(err error) {
	if err != nil {
		e.problems = append(e.problems, dps.AsError(err).Message)
	}
}

// Err tells of all problems so far. Errors: CodeInvalid; nil where there are none.
func (e *Env) Err() error {
	if len(e.problems) == 0 {
		return nil
	}
	return dps.Errorf(dps.CodeInvalid, "%s", strings.Join(e.problems, "; "))
}

func (e *Env) required(name, what, form string, fits func(string) bool) string {
	switch value, ok := e.lookup(name); {
	case !ok || value == "":
		e.problem("%s is not set: set it to %s", name, what)
		return ""
	case !fits(value):
		e.problem("%s is %s: want %s", name, quote(value), form)
		return ""
	default:
		return value
	}
}

func (e *Env) problem(format string, args ...any) {
	e.problems = append(e.problems, fmt.Sprintf(format, args...))
}

func quote(s string) string {
	const longest = 64
	return fmt.Sprintf("%q", s[:min(len(s), longest)])
}
