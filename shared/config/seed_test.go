package config

import (
	"reflect"
	"strings"
	"testing"
	"time"
)

// seedProperty is a line of the predecessor's property tables.
type seedProperty struct{ path, kind, def string }

func seedProperties(t *testing.T) []seedProperty {
	t.Helper()
	var all []seedProperty
	for line := range strings.Lines(read(t, "testdata/seed002.tsv")) {
		if strings.HasPrefix(line, "#") {
			continue
		}
		col := strings.Split(strings.TrimSpace(line), "\t")
		if len(col) != 3 {
			t.Fatalf("testdata/seed002.tsv: %q has not three columns", line)
		}
		all = append(all, seedProperty{strings.ReplaceAll(col[0], ".[]", "[]"), col[1], col[2]})
	}
	if len(all) != 95 {
		t.Fatalf("testdata/seed002.tsv has %d properties, want the document's 95", len(all))
	}
	return all
}

// TestSeedProperties walks the predecessor's property tables: each exists under its name, with its default and its type,
// and takes a value that is read back.
func TestSeedProperties(t *testing.T) {
	known := make(map[string]Property)
	for _, p := range Properties() {
		known[p.Path] = p
	}
	for _, s := range seedProperties(t) {
		t.Run(s.path, func(t *testing.T) {
			switch {
			case strings.HasPrefix(s.path, "clients.storage.mongoDB."):
				wantMongoDBRefused(t, s)
			case s.kind == "object", s.kind == "[]object":
				wantSection(t, s)
			default:
				wantProperty(t, s, known[s.path])
				wantSetAndReadBack(t, s)
				wantWrongTypeRefused(t, s)
			}
		})
	}
}

func wantMongoDBRefused(t *testing.T, s seedProperty) {
	t.Helper()
	_, err := Parse([]byte(yamlAt(s.path, s.def)))
	if err == nil || !strings.Contains(err.Error(), "clients.storage.mongoDB: "+mongoDBAdvice) {
		t.Errorf("error %v, want the advice what to write instead", err)
	}
}

func wantSection(t *testing.T, s seedProperty) {
	t.Helper()
	_, problems := decode([]byte(yamlAt(s.path, s.def)))
	if err := problems.err(); err != nil {
		t.Errorf("%s: %s: %v", s.path, s.def, err)
	}
}

func wantProperty(t *testing.T, s seedProperty, p Property) {
	t.Helper()
	def := p.Default
	switch {
	case p.Path == "":
		t.Fatal("the property does not exist")
	case p.Type == "duration" && s.kind == "string":
		if !sameDuration(def, s.def) {
			t.Errorf("default %s, want %s", def, s.def)
		}
		return
	case strings.HasSuffix(s.path, ".caPool") && p.Type == "[]string" && def == "[]":
		return // one file or a list of them: wantSetAndReadBack proves that one is taken
	case p.Type != s.kind:
		t.Errorf("type %s, want %s", p.Type, s.kind)
	}
	if def != s.def {
		t.Errorf("default %s, want %s", def, s.def)
	}
}

func sameDuration(a, b string) bool {
	x, err := time.ParseDuration(strings.Trim(a, `"`))
	y, err2 := time.ParseDuration(strings.Trim(b, `"`))
	return err == nil && err2 == nil && x == y
}

// wantSetAndReadBack sets the property alone, to its default and to something else.
func wantSetAndReadBack(t *testing.T, s seedProperty) {
	t.Helper()
	for _, value := range []string{s.def, other(s)} {
		c, problems := decode([]byte(yamlAt(s.path, value)))
		if err := problems.err(); err != nil {
			t.Fatalf("set to %s: %v", value, err)
		}
		got, found := valueAt(&c, strings.ReplaceAll(s.path, "[]", "[0]"))
		want := strings.Trim(strings.ReplaceAll(value, `", "`, ","), `["]`)
		if !found || got != want && !sameDuration(got, want) {
			t.Errorf("set to %s, read back %q", value, got)
		}
	}
}

// wantWrongTypeRefused sets the property to a section, which none of them is.
func wantWrongTypeRefused(t *testing.T, s seedProperty) {
	t.Helper()
	_, problems := decode([]byte(yamlAt(s.path, "{a: b}")))
	if len(problems.problems) != 1 || problems.problems[0].Path != strings.ReplaceAll(s.path, "[]", "[0]") {
		t.Errorf("set to a section: problems %v", problems.problems)
	}
}

// other gives a value of the property's type that is not its default.
func other(s seedProperty) string {
	switch {
	case s.kind == "bool" && s.def == "true":
		return "false"
	case s.kind == "bool":
		return "true"
	case s.kind == "int":
		return "512"
	case s.kind == "[]string":
		return `["udp", "tcp"]`
	case sameDuration(s.def, s.def):
		return "2h45m0s"
	default:
		return `"something else"`
	}
}

// yamlAt writes a property in flow style: a.b[].c becomes {a: {b: [{c: value}]}}.
func yamlAt(path, value string) string {
	name, rest, more := strings.Cut(path, ".")
	if more {
		value = yamlAt(rest, value)
	}
	if list, ok := strings.CutSuffix(name, "[]"); ok {
		return "{" + list + ": [" + value + "]}"
	}
	return "{" + name + ": " + value + "}"
}

func valueAt(c *Config, path string) (value string, found bool) {
	walk(reflect.ValueOf(c).Elem(), "", func(p property) {
		if p.path == path {
			value, found = text(p.value), true
		}
	})
	return value, found
}
