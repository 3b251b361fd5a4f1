package infra_test

import (
	"regexp"
	"strings"
	"testing"
)

// assertions gives what the template's rules say against the parameters.
func assertions(t *testing.T, tpl template, parameters map[string]string) (refused []string) {
	t.Helper()
	e := &evaluator{t: t, template: tpl, parameters: parameters}
	for _, rule := range tpl.Rules {
		if c := at(rule, "RuleCondition"); c != nil && !e.holds(c) {
			continue
		}
		for _, a := range list(at(rule, "Assertions")) {
			if !e.holds(at(a, "Assert")) {
				refused = append(refused, str(a, "AssertDescription"))
			}
		}
	}
	return refused
}

// TestParametersThatDoNotFitAreRefused before anything is made, in words that say what to do.
func TestParametersThatDoNotFitAreRefused(t *testing.T) {
	tpl := load(t, root)
	for name, parameters := range deployments {
		if refused := assertions(t, tpl, parameters); refused != nil {
			t.Errorf("%s: %v", name, refused)
		}
	}
	for change, want := range map[string]string{
		"OwnerClaim=sub":                        "OwnerClaim is sub",
		"Domain=":                               "HubId needs Domain",
		"OAuthClientId=":                        "HubId needs OAuthClientId",
		"ApiCertificateArn=":                    "ApiDomainName needs ApiCertificateArn",
		"NatGateways=none":                      "FunctionsInVpc needs NatGateways",
		"FunctionsInVpc=false NatGateways=none": "RegistryCredentialsSecretArn needs NatGateways",
	} {
		changes := make(map[string]string)
		for _, c := range strings.Fields(change) {
			name, value, _ := cutAt(c, "=")
			changes[name] = value
		}
		if refused := strings.Join(assertions(t, tpl, with(everything, changes)), "; "); !strings.Contains(refused, want) {
			t.Errorf("%s: %q, want %q", change, refused, want)
		}
	}
}

// fits says what keeps the parameter from having the value.
func fits(t *testing.T, declared object, value string) bool {
	t.Helper()
	if allowed := strs(declared["AllowedValues"]); allowed != nil {
		return strings.Contains(" "+strings.Join(allowed, " ")+" ", " "+value+" ")
	}
	pattern, ok := declared["AllowedPattern"].(string)
	return !ok || regexp.MustCompile(pattern).MatchString(value)
}

func TestParametersTakeWhatTheyShould(t *testing.T) {
	tpl := load(t, root)
	for name, parameters := range deployments {
		for p, value := range parameters {
			if !fits(t, tpl.Parameters[p], value) {
				t.Errorf("%s: %s does not take %s", name, p, value)
			}
		}
	}
	for p, declared := range tpl.Parameters {
		if d, ok := declared["Default"].(string); ok && !fits(t, declared, d) {
			t.Errorf("%s does not take its own default %q", p, d)
		}
		if str(declared, "Description") == "" {
			t.Errorf("%s is not described", p)
		}
	}
	for p, values := range map[string][]string{
		"TlsSecretArn":       {"", "dps/tls", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:dps/oauth/x/clientSecret-AbCdEf"},
		"HubId":              {"hub", "D03A1BB4-0A77-428C-B78C-1C46EFE6A38E"},
		"EnrollmentGroupId":  {""},
		"OAuthAuthority":     {"", "http://auth.example.com", "auth.example.com"},
		"IngressImage":       {"", "dps-ingress"},
		"DeviceCidr":         {"0.0.0.0", "::/0"},
		"VpcCidr":            {"10.0.0.0/28", "10.0.0.0"},
		"SecretsPrefix":      {"dps/", "*"},
		"TraceSamplePercent": {"", "101", "-1", "0.5", "01"},
		"CollectorAddress":   {"otel.example.com", "https://otel.example.com:4317", "otel.example.com:0", ":4317"},
	} {
		for _, v := range values {
			if fits(t, tpl.Parameters[p], v) {
				t.Errorf("%s takes %q", p, v)
			}
		}
	}
}

var (
	section  = regexp.MustCompile(`(?s)parameter_overrides\s*=\s*\[(.*?)\n\]`)
	override = regexp.MustCompile(`"([A-Za-z]+)=([^"]*)"`)
)

// TestTheExampleDeploys: samconfig.toml names parameters that are there, with values that they take, none missing.
func TestTheExampleDeploys(t *testing.T) {
	tpl := load(t, root)
	sections := section.FindAllStringSubmatch(read(t, "../samconfig.toml"), -1)
	if len(sections) != 2 {
		t.Fatalf("%d sections", len(sections))
	}
	for _, s := range sections {
		parameters := make(map[string]string)
		for _, o := range override.FindAllStringSubmatch(s[1], -1) {
			parameters[o[1]] = o[2]
			if !fits(t, tpl.Parameters[o[1]], o[2]) {
				t.Errorf("%s does not take %s", o[1], o[2])
			}
		}
		deploy(t, parameters)
		if refused := assertions(t, tpl, parameters); refused != nil {
			t.Errorf("%v", refused)
		}
	}
}

// TestTheRunbookExplainsEveryParameter; of those that are alike it names the first.
func TestTheRunbookExplainsEveryParameter(t *testing.T) {
	runbook := read(t, "README.md")
	for p := range load(t, root).Parameters {
		alike := regexp.MustCompile(`^(Token|Sign|Record|Api)(Reserved|Provisioned)Concurrency$`).FindStringSubmatch(p)
		if alike != nil {
			p = alike[1] + "…"
		}
		if !strings.Contains(runbook, "`"+p+"`") {
			t.Errorf("infra/README.md does not explain %s", p)
		}
	}
}
