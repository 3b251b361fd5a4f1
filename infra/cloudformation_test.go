package infra_test

import (
	"os"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// object is a mapping of a template; an intrinsic function is one with a single key, such as "Ref" or "Fn::Sub".
type object = map[string]any

// template is a file as it is written, its short tags spelled out.
type template struct {
	file       string
	Parameters map[string]object
	Conditions object
	Rules      object
	Globals    object
	Resources  map[string]object
	Outputs    map[string]object
}

// load reads a template; file is relative to the root of the repository.
func load(t testing.TB, file string) template {
	t.Helper()
	data, err := os.ReadFile("../" + file)
	if err != nil {
		t.Fatal(err)
	}
	var node yaml.Node
	if err := yaml.Unmarshal(data, &node); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	root, ok := plain(t, node.Content[0]).(object)
	if !ok {
		t.Fatalf("%s is no template", file)
	}
	return template{
		file: file, Parameters: objects(root["Parameters"]), Conditions: asObject(root["Conditions"]), Rules: asObject(root["Rules"]),
		Globals: asObject(root["Globals"]), Resources: objects(root["Resources"]), Outputs: objects(root["Outputs"]),
	}
}

// plain gives a node's value. A mapping's key that comes twice is an error: the last would win unseen.
func plain(t testing.TB, n *yaml.Node) any {
	var v any
	switch n.Kind {
	case yaml.MappingNode:
		m := make(object)
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i].Value
			if _, twice := m[key]; twice {
				t.Fatalf("line %d: %s comes twice", n.Content[i].Line, key)
			}
			m[key] = plain(t, n.Content[i+1])
		}
		v = m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = plain(t, c)
		}
		v = list
	default:
		v = n.Value
	}
	return spelled(n.Tag, v)
}

// spelled gives a short tag its long form.
func spelled(tag string, v any) any {
	name, short := strings.CutPrefix(tag, "!")
	switch {
	case !short || strings.HasPrefix(name, "!"):
		return v
	case name == "Ref" || name == "Condition":
		return object{name: v}
	case name == "GetAtt":
		resource, attribute, _ := strings.Cut(v.(string), ".")
		return object{"Fn::GetAtt": []any{resource, attribute}}
	default:
		return object{"Fn::" + name: v}
	}
}

func asObject(v any) object {
	m, _ := v.(object)
	return m
}

func objects(v any) map[string]object {
	all := make(map[string]object)
	for name, o := range asObject(v) {
		all[name] = asObject(o)
	}
	return all
}

// list gives a list, also where a single value stands for one.
func list(v any) []any {
	switch v := v.(type) {
	case nil:
		return nil
	case []any:
		return v
	default:
		return []any{v}
	}
}

func strs(v any) []string {
	var all []string
	for _, e := range list(v) {
		s, _ := e.(string)
		all = append(all, s)
	}
	return all
}

// at follows the keys, and gives nil where the way ends.
func at(v any, keys ...string) any {
	for _, k := range keys {
		v = asObject(v)[k]
	}
	return v
}

func str(v any, keys ...string) string {
	s, _ := at(v, keys...).(string)
	return s
}
