package infra_test

import (
	"slices"
	"strings"
	"testing"
)

// root is the template that is deployed.
const root = "template.yaml"

const tlsSecret = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:dps/tls-AbCdEf"

// required are the parameters that have no default.
var required = map[string]string{
	"TlsSecretArn": tlsSecret, "OAuthAuthority": "https://auth.example.com", "ApiAudience": "https://api.example.com",
	"IngressImage": "111122223333.dkr.ecr.eu-central-1.amazonaws.com/dps-ingress:1.0.0",
}

// everything turns on all that parameters can turn on.
var everything = with(required, map[string]string{
	"Domain": "example.com", "HubId": "d03a1bb4-0a77-428c-b78c-1c46efe6a38e", "OAuthClientId": "test", "OAuthAudience": "https://api.example.com",
	"RegistryCredentialsSecretArn": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:ghcr-AbCdEf",
	"NatGateways":                  "per-zone", "FunctionsInVpc": "true", "SecretsPrefix": "devices", "AlarmEmail": "ops@example.com",
	"ApiDomainName": "dps.example.com", "ApiCertificateArn": "arn:aws:acm:eu-central-1:111122223333:certificate/1", "HostedZoneId": "Z1",
	"DeviceDomainName": "devices.example.com", "CollectorAddress": "otel.example.com:4317", "TraceSamplePercent": "5",
	"OAuthRotationFunctionArn": "arn:aws:lambda:eu-central-1:111122223333:function:rotate-oauth",
	"TlsRotationFunctionArn":   "arn:aws:lambda:eu-central-1:111122223333:function:rotate-tls", "AuthorityRotationFunctionArn": "arn:aws:lambda:eu-central-1:111122223333:function:rotate-ca",
	"EnrollReservedConcurrency": "20", "TokenReservedConcurrency": "20", "SignReservedConcurrency": "20", "RecordReservedConcurrency": "5", "ApiReservedConcurrency": "5",
	"EnrollProvisionedConcurrency": "1", "TokenProvisionedConcurrency": "2", "SignProvisionedConcurrency": "2",
})

// deployments are what every test of the stacks looks at.
var deployments = map[string]map[string]string{"least": required, "everything": everything}

func with(base, more map[string]string) map[string]string {
	all := make(map[string]string)
	for _, m := range []map[string]string{base, more} {
		for k, v := range m {
			all[k] = v
		}
	}
	return all
}

// resource is one that would be made.
type resource struct {
	name, kind string
	attributes object // Type, Properties, DeletionPolicy …
}

func (r resource) property(keys ...string) any {
	return at(r.attributes, append([]string{"Properties"}, keys...)...)
}

// stack is a template with its parameters, and the stacks nested in it.
type stack struct {
	globals   any // SAM's, of the root
	resources map[string]resource
	outputs   map[string]any
	nested    map[string]*stack
}

// deploy evaluates the root template and all that are nested in it.
func deploy(t testing.TB, parameters map[string]string) *stack {
	t.Helper()
	return evaluate(t, load(t, root), parameters)
}

func evaluate(t testing.TB, tpl template, parameters map[string]string) *stack {
	s := &stack{resources: make(map[string]resource), outputs: make(map[string]any), nested: make(map[string]*stack)}
	e := &evaluator{t: t, template: tpl, parameters: parameters}
	e.nested = func(name, output string) any {
		if s.nested[name] == nil {
			s.nested[name] = nest(t, e, tpl.Resources[name])
		}
		v, ok := s.nested[name].outputs[output]
		if !ok {
			t.Errorf("%s: the stack %s has no output %s here", tpl.file, name, output)
		}
		return v
	}
	s.globals = e.value(tpl.Globals)
	for name := range parameters {
		if _, ok := tpl.Parameters[name]; !ok {
			t.Errorf("%s has no parameter %s", tpl.file, name)
		}
	}
	for name, declared := range tpl.Resources {
		if c, ok := declared["Condition"].(string); ok && !e.condition(c) {
			continue
		}
		s.resources[name] = resource{name, str(declared, "Type"), asObject(e.value(declared))}
		if declared["Type"] == "AWS::CloudFormation::Stack" && s.nested[name] == nil {
			s.nested[name] = nest(t, e, declared)
		}
	}
	for name, output := range tpl.Outputs {
		if c, ok := output["Condition"].(string); !ok || e.condition(c) {
			s.outputs[name] = e.value(output["Value"])
		}
	}
	return s
}

func nest(t testing.TB, e *evaluator, declared object) *stack {
	parameters := make(map[string]string)
	for name, v := range asObject(at(declared, "Properties", "Parameters")) {
		parameters[name], _ = e.value(v).(string)
	}
	return evaluate(t, load(t, str(declared, "Properties", "TemplateURL")), parameters)
}

// all gives the resources of the kind, in every stack, in the order of their names.
func (s *stack) all(kind string) []resource {
	var found []resource
	for _, r := range s.resources {
		if r.kind == kind || kind == "" {
			found = append(found, r)
		}
	}
	for _, n := range s.nested {
		found = append(found, n.all(kind)...)
	}
	slices.SortFunc(found, func(a, b resource) int { return strings.Compare(a.name, b.name) })
	return found
}

// get gives the one resource of the name.
func (s *stack) get(t testing.TB, name string) resource {
	t.Helper()
	for _, r := range s.all("") {
		if r.name == name {
			return r
		}
	}
	t.Fatalf("there is no %s", name)
	return resource{}
}

// each runs the test over every deployment.
func each(t *testing.T, test func(t *testing.T, s *stack)) {
	for name, parameters := range deployments {
		t.Run(name, func(t *testing.T) { test(t, deploy(t, parameters)) })
	}
}

func cut(s, prefix string) (string, bool)                 { return strings.CutPrefix(s, prefix) }
func cutAt(s, sep string) (before, after string, ok bool) { return strings.Cut(s, sep) }
