package infra_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// unbounded are the actions that may stand with the resource "*", as AWS bounds them by no resource, and where; the reason
// stands beside each.
var unbounded = map[string]string{
	"ecr:GetAuthorizationToken":     "logging into the registry is for the whole account (Service Authorization Reference: no resource types)",
	"ec2:DescribeNetworkInterfaces": "Describe actions of EC2 take no resource; the platform asks as it puts a function into the network",
	"ec2:DescribeSubnets":           "as ec2:DescribeNetworkInterfaces",
}

// statement is one of a policy, with where it stands.
type statement struct {
	where              string
	effect             string
	actions, resources []string
	other              object // NotAction and the like are looked for here
	ofKey              bool   // in a key's own policy, where the resource is always "*": this key
	trust              bool   // who may take on a role: there is no resource
}

func (s statement) allows() bool { return s.effect != "Deny" }

// statements are all there are below a resource: of roles, keys, endpoints, topics.
func statements(r resource) []statement {
	var all []statement
	collect(r.name, "", r.attributes, &all)
	return all
}

func collect(where, key string, v any, all *[]statement) {
	switch v := v.(type) {
	case object:
		for k, x := range v {
			if k != "Statement" {
				collect(where, k, x, all)
				continue
			}
			for _, s := range list(x) {
				o := asObject(s)
				*all = append(*all, statement{
					where: where + " " + str(o, "Sid"), effect: str(o, "Effect"), actions: strs(o["Action"]), resources: strs(o["Resource"]),
					other: o, ofKey: key == "KeyPolicy", trust: key == "AssumeRolePolicyDocument",
				})
			}
		}
	case []any:
		for _, x := range v {
			collect(where, key, x, all)
		}
	}
}

// tooWide says what is wider than it needs to be.
func tooWide(s statement) (problems []string) {
	wide := func(format string, args ...any) {
		problems = append(problems, s.where+": "+fmt.Sprintf(format, args...))
	}
	for _, k := range []string{"NotAction", "NotResource", "NotPrincipal"} {
		if s.other[k] != nil {
			wide("%s allows what nobody has thought of: name what is allowed", k)
		}
	}
	if !s.allows() {
		return problems
	}
	if len(s.actions) == 0 {
		wide("there is no action")
	}
	if len(s.resources) == 0 && !s.trust {
		wide("there is no resource")
	}
	delegates := s.ofKey && at(s.other, "Principal", "AWS") == "arn:aws:iam::111122223333:root" // KMS: or IAM has no say in the key
	for _, a := range s.actions {
		if strings.ContainsAny(a, "*?") && (a != "kms:*" || !delegates) {
			wide("action %s has a wildcard: name the actions", a)
		}
	}
	for _, r := range s.resources {
		switch {
		case s.ofKey:
		case r == "":
			wide("a resource is no text")
		case r == "*":
			for _, a := range s.actions {
				if unbounded[a] == "" {
					wide(`%s stands with the resource "*": name the resource`, a)
				}
			}
		case strings.HasPrefix(r, "*") || strings.HasPrefix(r, "arn:") && strings.Contains(service(r), "*"):
			wide("resource %s names no service", r)
		}
	}
	return problems
}

// service is the part of an ARN that says whose it is, and where.
func service(arn string) string {
	return strings.Join(strings.SplitN(arn, ":", 6)[:min(5, strings.Count(arn, ":"))], ":")
}

func TestNothingIsWiderThanItNeedsToBe(t *testing.T) {
	each(t, func(t *testing.T, s *stack) {
		n := 0
		for _, r := range s.all("") {
			for _, st := range statements(r) {
				n++
				for _, p := range tooWide(st) {
					t.Error(p)
				}
			}
			if m := r.property("ManagedPolicyArns"); m != nil {
				t.Errorf("%s has managed policies %v: AWS changes them; write out what is needed", r.name, m)
			}
			if r.kind == "AWS::Serverless::Function" && r.property("Policies") != nil {
				t.Errorf("%s has Policies beside its role", r.name)
			}
		}
		if n < 30 {
			t.Errorf("%d statements: they are not where they are looked for", n)
		}
	})
}

// TestTheCheckBites: what the check is there for does not pass it.
func TestTheCheckBites(t *testing.T) {
	good := func() statement {
		return statement{where: "Role", effect: "Allow", actions: []string{"dynamodb:GetItem"}, resources: []string{"Table.Arn"}, other: object{}}
	}
	if p := tooWide(good()); p != nil {
		t.Fatalf("a good one is refused: %v", p)
	}
	for name, change := range map[string]func(*statement){
		"every action":              func(s *statement) { s.actions = append(s.actions, "*") },
		"every action of a service": func(s *statement) { s.actions[0] = "dynamodb:*" },
		"every reading action":      func(s *statement) { s.actions[0] = "dynamodb:Get*" },
		"every resource":            func(s *statement) { s.resources = append(s.resources, "*") },
		"every resource, beside an unbounded action": func(s *statement) {
			s.actions, s.resources = append(s.actions, "ec2:DescribeSubnets"), []string{"*"}
		},
		"every service":             func(s *statement) { s.resources[0] = "arn:aws:*:eu-central-1:111122223333:x" },
		"every account":             func(s *statement) { s.resources[0] = "arn:aws:lambda:eu-central-1:*:function:x" },
		"no action":                 func(s *statement) { s.actions = nil },
		"no resource":               func(s *statement) { s.resources = nil },
		"all but one action":        func(s *statement) { s.other = object{"NotAction": "iam:PassRole"} },
		"all but one resource":      func(s *statement) { s.other = object{"NotResource": "x"} },
		"kms:* outside a key":       func(s *statement) { s.actions[0] = "kms:*" },
		"kms:* of a key for anyone": func(s *statement) { s.actions[0], s.ofKey = "kms:*", true },
	} {
		t.Run(name, func(t *testing.T) {
			s := good()
			change(&s)
			if tooWide(s) == nil {
				t.Errorf("%+v passes", s)
			}
		})
	}
}

// grants gives the actions that a role allows, each with its resources.
func grants(r resource) map[string][]string {
	all := make(map[string][]string)
	for _, s := range statements(r) {
		if !s.allows() || s.trust {
			continue
		}
		for _, a := range s.actions {
			all[a] = append(all[a], s.resources...)
		}
	}
	for _, resources := range all {
		slices.Sort(resources)
	}
	return all
}
