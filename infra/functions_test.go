package infra_test

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dps/shared/contract"
)

// names are the functions' logical ids in the template, which the Makefile's build targets carry.
var names = []string{"Enroll", "Token", "Sign", "Record", "Api"}

func TestTheFunctions(t *testing.T) {
	globals := load(t, root).Globals
	if str(globals, "Function", "Runtime") != "provided.al2023" || str(globals, "Function", "AutoPublishAlias") != "live" {
		t.Errorf("%v", globals)
	}
	makefile := read(t, "../Makefile")
	each(t, func(t *testing.T, s *stack) {
		if n := len(s.all("AWS::Serverless::Function")); n != len(names) {
			t.Errorf("%d functions", n)
		}
		for _, name := range names {
			f := s.get(t, name+"Function")
			if at(f.attributes, "Metadata", "BuildMethod") != "makefile" || !strings.Contains(makefile, "\nbuild-"+name+"Function:") {
				t.Errorf("%s is not built by the Makefile's build-%sFunction", name, name)
			}
			if f.property("FunctionName") != "dps-"+strings.ToLower(name) {
				t.Errorf("%s is named %v", name, f.property("FunctionName"))
			}
		}
	})
}

// TestTheFunctionsSettings are those that functions/NAME/cmd asks for.
func TestTheFunctionsSettings(t *testing.T) {
	calls := map[string]string{"DPS_TABLE": "env.Table()", "DPS_SECRETS_PREFIX": "env.SecretsPrefix()", "DPS_TOKEN_FUNCTION": "env.TokenFunction()", "DPS_SIGN_FUNCTION": "env.SignFunction()"}
	common := asObject(at(load(t, root).Globals, "Function", "Environment", "Variables"))
	s := deploy(t, everything)
	for _, name := range names {
		wire := read(t, "../functions/"+strings.ToLower(name)+"/cmd/wire.go")
		own := asObject(s.get(t, name+"Function").property("Environment", "Variables"))
		for variable, call := range calls {
			if strings.Contains(wire, call) && own[variable] == nil && common[variable] == nil {
				t.Errorf("%s wants %s, which the template does not set", name, variable)
			}
		}
	}
	for _, name := range regexp.MustCompile(`"(DPS_API_[A-Z_]+)"`).FindAllStringSubmatch(read(t, "../functions/api/cmd/wire.go"), -1) {
		if s.get(t, "ApiFunction").property("Environment", "Variables", name[1]) == nil {
			t.Errorf("the template does not set %s", name[1])
		}
	}
	sign := asObject(s.get(t, "SignFunction").property("Environment", "Variables"))
	if sign["DPS_TOKEN_FUNCTION"] != "dps-token" || sign["DPS_SECRETS_PREFIX"] != "devices" {
		t.Errorf("%v", sign)
	}
}

// TestEveryLogEnds: each function and the ingress write to a group of their own, encrypted, which forgets.
func TestEveryLogEnds(t *testing.T) {
	s := deploy(t, with(everything, map[string]string{"LogRetentionDays": "14"}))
	groups := s.all("AWS::Logs::LogGroup")
	if len(groups) != len(names)+2 {
		t.Errorf("%d log groups", len(groups))
	}
	var used []string
	for _, g := range groups {
		if g.property("RetentionInDays") != "14" || g.property("KmsKeyId") == nil || !strings.HasPrefix(str(g.attributes, "Properties", "LogGroupName"), "/dps/dps/") {
			t.Errorf("%s: %v", g.name, g.attributes)
		}
		used = append(used, g.name)
	}
	for _, name := range names {
		if group := str(s.get(t, name+"Function").attributes, "Properties", "LoggingConfig", "LogGroup"); !slices.Contains(used, group) || group != name+"LogGroup" {
			t.Errorf("%s writes to %q", name, group)
		}
	}
	options := at(container(t, s), "LogConfiguration", "Options")
	if str(options, "awslogs-group") != "LogGroup" || str(options, "mode") != "non-blocking" {
		t.Errorf("%v", options)
	}
}

// TestFunctionsAnswerInTime: Lambda ends a function no earlier than the ingress gives it up, so that its own error is heard.
func TestFunctionsAnswerInTime(t *testing.T) {
	s := deploy(t, required)
	for name, atLeast := range map[string]int{"Enroll": 3, "Token": 7, "Sign": 7, "Record": 20} { // functions.timeouts
		seconds, err := strconv.Atoi(str(s.get(t, name+"Function").attributes, "Properties", "Timeout"))
		if err != nil || seconds <= atLeast {
			t.Errorf("%s ends after %d s, the ingress waits %d s", name, seconds, atLeast)
		}
	}
}

// settings gives what a version of the function freezes, with the template's globals, and how the version is described.
func settings(t *testing.T, s *stack, name string) (frozen object, description any) {
	t.Helper()
	frozen = object{"globals": s.globals}
	for k, v := range asObject(s.get(t, name+"Function").attributes["Properties"]) {
		switch k {
		case "VersionDescription":
			description = v
		case "ReservedConcurrentExecutions", "ProvisionedConcurrencyConfig", "Events", "EventInvokeConfig": // outside of it
		default:
			frozen[k] = v
		}
	}
	return frozen, description
}

// TestAParameterThatChangesAFunctionPublishesAVersion: SAM itself looks at the template's text, not at values.
func TestAParameterThatChangesAFunctionPublishesAVersion(t *testing.T) {
	before := deploy(t, required)
	changes := 0
	for p, value := range with(everything, map[string]string{"LogLevel": "debug", "FunctionMemory": "512", "Architecture": "x86_64"}) {
		after := deploy(t, with(required, map[string]string{p: value}))
		for _, name := range names {
			was, describedWas := settings(t, before, name)
			is, describedIs := settings(t, after, name)
			if cmp.Equal(was, is) {
				continue
			}
			changes++
			if describedWas == describedIs {
				t.Errorf("%s: %s takes part in it, and is not in its VersionDescription", name, p)
			}
		}
	}
	if changes < 20 {
		t.Errorf("%d changes: they are not where they are looked for", changes)
	}
}

func TestConcurrencyIsTheParameters(t *testing.T) {
	for _, f := range deploy(t, required).all("AWS::Serverless::Function") {
		if f.property("ReservedConcurrentExecutions") != nil || f.property("ProvisionedConcurrencyConfig") != nil {
			t.Errorf("%s reserves what nobody asked for", f.name)
		}
	}
	s := deploy(t, everything)
	for name, want := range map[string]string{"Enroll": "20", "Token": "20", "Sign": "20", "Record": "5", "Api": "5"} {
		if v := s.get(t, name+"Function").property("ReservedConcurrentExecutions"); v != want {
			t.Errorf("%s reserves %v, want %s", name, v, want)
		}
	}
	for name, want := range map[string]string{"Enroll": "1", "Token": "2", "Sign": "2"} {
		if v := s.get(t, name+"Function").property("ProvisionedConcurrencyConfig", "ProvisionedConcurrentExecutions"); v != want {
			t.Errorf("%s keeps %v warm, want %s", name, v, want)
		}
	}
}

func TestFailedRecordsAreKept(t *testing.T) {
	each(t, func(t *testing.T, s *stack) {
		failure := s.get(t, "RecordFunction").property("EventInvokeConfig", "DestinationConfig", "OnFailure")
		if str(failure, "Type") != "SQS" || str(failure, "Destination") != "RecordDeadLetters.Arn" {
			t.Errorf("%v", failure)
		}
		queue := s.get(t, "RecordDeadLetters")
		if queue.property("SqsManagedSseEnabled") != "true" || queue.property("MessageRetentionPeriod") != "1209600" {
			t.Errorf("%v", queue.attributes)
		}
	})
}

// TestOwnersAliases are of the version that devices are served by, and the ingress may invoke none of them.
func TestOwnersAliases(t *testing.T) {
	s := deploy(t, everything)
	for function, aliases := range map[string][]string{"Token": {contract.AliasOwner}, "Sign": {contract.AliasOwner, contract.AliasCheck}} {
		for _, alias := range aliases {
			a := s.get(t, function+"FunctionAlias"+strings.ToUpper(alias[:1])+alias[1:])
			if a.kind != "AWS::Lambda::Alias" || a.property("Name") != alias || a.property("FunctionName") != function+"Function" || a.property("FunctionVersion") != function+"Function.Version.Version" {
				t.Errorf("%s:%s is %v", function, alias, a.attributes)
			}
		}
	}
}

// TestTheAPIWantsAToken of the OAuth server, for its own audience, but on the few paths that are for everybody.
func TestTheAPIWantsAToken(t *testing.T) {
	s := deploy(t, everything)
	auth := s.get(t, "HttpApi").property("Auth")
	jwt := at(auth, "Authorizers", str(auth, "DefaultAuthorizer"), "JwtConfiguration")
	if str(jwt, "issuer") != everything["OAuthAuthority"] || strings.Join(strs(at(jwt, "audience")), "") != everything["ApiAudience"] {
		t.Errorf("%v", auth)
	}
	var open []string
	for _, e := range asObject(s.get(t, "ApiFunction").property("Events")) {
		if at(e, "Properties", "Auth") != nil {
			open = append(open, str(e, "Properties", "Method")+" "+str(e, "Properties", "Path"))
		}
	}
	slices.Sort(open)
	if want := []string{
		"ANY $default", "GET /api/v1/login", "GET /api/v1/openapi.json", "GET /api/v1/version", "GET /healthz", "GET /readyz",
		"OPTIONS /api/{proxy+}", "OPTIONS /certificate-authority/{proxy+}", "OPTIONS /device-provisioning-service/{proxy+}",
	}; !slices.Equal(open, want) {
		t.Errorf("open to everybody: %v, want %v", open, want)
	}
	if s.get(t, "HttpApi").property("DisableExecuteApiEndpoint") != "true" {
		t.Error("with a name of its own the API still answers under AWS's")
	}
}
