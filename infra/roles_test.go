package infra_test

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dps/functions/enroll"
	"dps/functions/record"
	"dps/shared/claim"
	"dps/shared/dps"
)

// stores are what each function asks of the table: its own port. Of api it is everything (DESIGN §3).
var stores = map[string]reflect.Type{
	"Enroll": reflect.TypeFor[enroll.Store](), "Token": reflect.TypeFor[claim.Store](), "Sign": reflect.TypeFor[claim.Store](),
	"Record": reflect.TypeFor[record.Store](), "Api": reflect.TypeFor[dps.Store](),
}

// actions are what shared/store/dynamodb does for each of the ports' methods; the actions of a transaction are those of its
// writes. "Query of INDEX" is Query with the index for its resource.
var actions = map[string][]string{
	"Generation":   {"GetItem"},
	"Group":        {"GetItem"},
	"PutGroup":     {"GetItem", "PutItem", "DeleteItem", "UpdateItem"},
	"DeleteGroup":  {"GetItem", "DeleteItem", "UpdateItem"},
	"GroupsByCA":   {"Query", "BatchGetItem"},
	"ListGroups":   {"Query of byOwner", "BatchGetItem"},
	"Hub":          {"GetItem"},
	"PutHub":       {"PutItem", "UpdateItem"},
	"DeleteHub":    {"GetItem", "DeleteItem", "UpdateItem"},
	"ListHubs":     {"Query of byOwner", "BatchGetItem"},
	"MergeResults": {"GetItem", "PutItem"},
	"Record":       {"GetItem"},
	"DeleteRecord": {"DeleteItem"},
	"ListRecords":  {"Query of byOwner", "BatchGetItem"},
	"FindRecords": {
		"Query of byTime", "Query of byGroup", "Query of byDevice", "Query of byName", "Query of byOwner", "BatchGetItem",
	},
	"SummarizeRecords": {"Query of byTime"},
	"ClaimDevice":      {"GetItem", "PutItem"},
	"Binding":          {"GetItem"},
	"ReleaseDevice":    {"DeleteItem"},
	"AppendAudit":      {"PutItem"},
	"ListAudit":        {"Query"},
	"Manifest":         {"GetItem"},
	"PutManifest":      {"PutItem"},
}

func needed(t *testing.T, port reflect.Type) map[string][]string {
	all := make(map[string][]string)
	for m := range port.Methods() {
		if actions[m.Name] == nil {
			t.Fatalf("%s.%s: say above what it does to the table", port, m.Name)
		}
		for _, a := range actions[m.Name] {
			operation, index, of := strings.Cut(a, " of ")
			action, resource := "dynamodb:"+operation, "Table.Arn"
			if of {
				resource += "/index/" + index
			}
			if !slices.Contains(all[action], resource) {
				all[action] = append(all[action], resource)
			}
		}
	}
	for _, r := range all {
		slices.Sort(r)
	}
	return all
}

func lambdaARN(name string) string { return aliasARN(name, "live") }

func aliasARN(name, alias string) string {
	return "arn:aws:lambda:eu-central-1:111122223333:function:dps-" + name + ":" + alias
}

func secretARN(prefix, folder string) string {
	return "arn:aws:secretsmanager:eu-central-1:111122223333:secret:" + prefix + "/" + folder + "/*"
}

// beside is what each function may do beside using the table, and writing its log.
func beside(function, prefix string, inVPC bool) map[string][]string {
	hub := []string{secretARN(prefix, "ca"), secretARN(prefix, "oauth"), secretARN(prefix, "psk")}
	all := map[string]map[string][]string{
		"Enroll": {},
		"Token":  {"secretsmanager:GetSecretValue": {secretARN(prefix, "oauth")}},
		"Sign": {
			"secretsmanager:GetSecretValue": {secretARN(prefix, "ca"), secretARN(prefix, "psk")},
			"lambda:InvokeFunction":         {aliasARN("token", "owner")},
		},
		"Record": {"sqs:SendMessage": {"RecordDeadLetters.Arn"}},
		"Api": {
			"lambda:InvokeFunction":       {aliasARN("sign", "check"), aliasARN("sign", "owner")},
			"secretsmanager:CreateSecret": hub, "secretsmanager:DeleteSecret": hub, "secretsmanager:RestoreSecret": hub, "secretsmanager:UpdateSecret": hub,
		},
	}[function]
	if inVPC && (function == "Enroll" || function == "Token" || function == "Sign") {
		maps.Copy(all, map[string][]string{"ec2:DescribeNetworkInterfaces": {"*"}, "ec2:DescribeSubnets": {"*"}})
		for _, a := range []string{"AssignPrivateIpAddresses", "CreateNetworkInterface", "DeleteNetworkInterface", "UnassignPrivateIpAddresses"} {
			all["ec2:"+a] = []string{"arn:aws:ec2:eu-central-1:111122223333:*/*"}
		}
	}
	return all
}

// TestFunctionsMayDoWhatTheirCodeDoes and nothing else.
func TestFunctionsMayDoWhatTheirCodeDoes(t *testing.T) {
	for name, parameters := range deployments {
		prefix := map[string]string{"least": "dps", "everything": "devices"}[name]
		s := deploy(t, parameters)
		for function, port := range stores {
			t.Run(name+"/"+function, func(t *testing.T) {
				want := needed(t, port)
				maps.Copy(want, beside(function, prefix, name == "everything"))
				for _, a := range []string{"logs:CreateLogStream", "logs:PutLogEvents"} {
					want[a] = []string{function + "LogGroup.Arn"}
				}
				if diff := cmp.Diff(want, grants(s.get(t, function+"Role"))); diff != "" {
					t.Errorf("the code needs (-), the role grants (+):\n%s", diff)
				}
				if role := s.get(t, function+"Function").property("Role"); role != function+"Role.Arn" {
					t.Errorf("it runs as %v", role)
				}
			})
		}
	}
}

// TestTheIngressOnlyCalls: the four functions, and its own certificate.
func TestTheIngressOnlyCalls(t *testing.T) {
	each(t, func(t *testing.T, s *stack) {
		want := map[string][]string{
			"lambda:InvokeFunction":         {lambdaARN("enroll"), lambdaARN("record"), lambdaARN("sign"), lambdaARN("token")},
			"secretsmanager:GetSecretValue": {tlsSecret},
		}
		if diff := cmp.Diff(want, grants(s.get(t, "TaskRole"))); diff != "" {
			t.Errorf("want (-), the role grants (+):\n%s", diff)
		}
		task := s.get(t, "TaskDefinition")
		if task.property("TaskRoleArn") != "TaskRole.Arn" || task.property("ExecutionRoleArn") != "ExecutionRole.Arn" {
			t.Errorf("the program runs as %v, and is started as %v", task.property("TaskRoleArn"), task.property("ExecutionRoleArn"))
		}
	})
}

// TestEachSecretHasOneReader of all roles there are.
func TestEachSecretHasOneReader(t *testing.T) {
	for name, parameters := range deployments {
		prefix := map[string]string{"least": "dps", "everything": "devices"}[name]
		want := map[string][]string{
			secretARN(prefix, "oauth"): {"TokenRole"}, secretARN(prefix, "ca"): {"SignRole"}, secretARN(prefix, "psk"): {"SignRole"}, tlsSecret: {"TaskRole"},
		}
		if credentials := parameters["RegistryCredentialsSecretArn"]; credentials != "" {
			want[credentials] = []string{"ExecutionRole"} // ECS itself logs into the registry
		}
		readers := make(map[string][]string)
		for _, r := range deploy(t, parameters).all("AWS::IAM::Role") {
			for action, resources := range grants(r) {
				if !strings.HasPrefix(action, "secretsmanager:") || isSecretWrite(action) {
					continue
				}
				for _, secret := range resources {
					readers[secret] = append(readers[secret], r.name)
				}
			}
		}
		if diff := cmp.Diff(want, readers); diff != "" {
			t.Errorf("%s: want (-), is (+):\n%s", name, diff)
		}
	}
}

// isSecretWrite tells of the actions that give no value away.
func isSecretWrite(action string) bool {
	return slices.Contains([]string{"secretsmanager:CreateSecret", "secretsmanager:DeleteSecret", "secretsmanager:RestoreSecret", "secretsmanager:UpdateSecret"}, action)
}

var called = regexp.MustCompile(`\.client\.([A-Z][A-Za-z]+)`)

// TestTheTableOfActionsIsComplete: every operation of the store is known here, and the transaction by its writes.
func TestTheTableOfActionsIsComplete(t *testing.T) {
	operations := map[string]bool{"TransactWriteItems": true}
	for _, list := range actions {
		for _, a := range list {
			operations[strings.TrimSuffix(a, " of byOwner")] = true
		}
	}
	files, err := filepath.Glob("../shared/store/dynamodb/*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	found := 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range called.FindAllStringSubmatch(string(data), -1) {
			found++
			if !strings.HasSuffix(f, "_test.go") && !operations[m[1]] && m[1] != "Options" {
				t.Errorf("%s calls %s: say above for which method", f, m[1])
			}
		}
	}
	if found < 5 {
		t.Errorf("%d calls: they are not where they are looked for", found)
	}
}
