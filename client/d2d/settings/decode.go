package settings

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"dps/shared/config"
	"dps/shared/dps"
)

// MaxFileSize bounds the file, in bytes.
const MaxFileSize = 1 << 20

// maxValues bounds what aliases may stand for.
const maxValues = 10_000

// Default is the configuration of an empty file.
func Default() Config {
	var c Config
	defaults(reflect.ValueOf(&c).Elem())
	return c
}

// Parse reads a file. Errors: CodeInvalid with config.Problems, all that is wrong at once: setting, value and remedy.
func Parse(data []byte) (Config, error) {
	c := Default()
	d := new(decoder)
	if root := d.root(data); root != nil {
		d.structure(root, reflect.ValueOf(&c).Elem(), "")
	}
	if len(d.problems) == 0 {
		d.problems = c.check()
		for i := range d.problems {
			d.problems[i].Line = d.lines[d.problems[i].Path]
		}
	}
	if len(d.problems) > 0 {
		return Config{}, dps.Errorf(dps.CodeInvalid, "%w", d.problems)
	}
	c.Notes = d.notes
	return c, nil
}

type decoder struct {
	problems config.Problems
	notes    []string
	lines    map[string]int
	values   int
}

func (d *decoder) add(path string, line int, text string) {
	d.problems = append(d.problems, config.Problem{Path: path, Line: line, Text: text})
}

// root gives the only document's mapping, nil for an empty file or a wrong one.
func (d *decoder) root(data []byte) *yaml.Node {
	d.lines = make(map[string]int)
	if len(data) > MaxFileSize {
		d.add("", 0, "the file has more than "+strconv.Itoa(MaxFileSize)+" bytes: name files instead of writing their content")
		return nil
	}
	var doc, second yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF):
		return nil
	case err != nil:
		d.add("", 0, "not YAML: "+strings.TrimPrefix(err.Error(), "yaml: "))
		return nil
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		d.add("", 0, "more than one YAML document: remove what follows the line ---")
		return nil
	}
	if len(doc.Content) == 0 {
		return nil
	}
	return doc.Content[0]
}

// resolve follows an alias; nil: no value, or too many.
func (d *decoder) resolve(n *yaml.Node) *yaml.Node {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if d.values++; d.values > maxValues {
		return nil
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return nil
	}
	return n
}

func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string) {
	if n = d.resolve(n); n == nil {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.add(path, n.Line, "want properties, one a line")
		return
	}
	seen := make(map[string]bool)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		f, found := find(v, key.Value)
		switch {
		case !found:
			d.unknown(at, key, v)
		case seen[key.Value]:
			d.add(at, key.Line, "given twice: remove one")
		case f.value.Kind() == reflect.Struct:
			d.structure(value, f.value, at)
		default:
			d.lines[at] = key.Line
			d.property(value, f, at)
		}
		seen[key.Value] = true
	}
}

func (d *decoder) property(n *yaml.Node, f field, path string) {
	if n = d.resolve(n); n == nil {
		return
	}
	var problem string
	if f.value.Kind() == reflect.Slice {
		problem = d.list(n, f.value)
	} else {
		problem = scalar(n, f)
	}
	if problem != "" {
		d.add(path, n.Line, problem)
	}
}

// list takes a list of texts, or one text.
func (d *decoder) list(n *yaml.Node, v reflect.Value) string {
	nodes := []*yaml.Node{n}
	if n.Kind == yaml.SequenceNode {
		nodes = n.Content
	}
	out := make([]string, 0, len(nodes))
	for _, e := range nodes {
		e = d.resolve(e)
		if e == nil || e.Kind != yaml.ScalarNode || e.ShortTag() != "!!str" {
			return "want a list of texts"
		}
		out = append(out, e.Value)
	}
	v.Set(reflect.ValueOf(out))
	return ""
}

// scalar reads one value and says what is wrong with it.
func scalar(n *yaml.Node, f field) string {
	if n.Kind != yaml.ScalarNode {
		return "want a single value"
	}
	switch n.ShortTag() {
	case "!!str", "!!int", "!!bool":
	default:
		return "want " + wanted(f.value) + ": put quotes around a text"
	}
	if f.value.Kind() == reflect.String && n.ShortTag() != "!!str" {
		return f.show(n.Value) + " is no text: put quotes around it"
	}
	if !set(f.value, n.Value) {
		return f.show(n.Value) + " is not right: want " + wanted(f.value)
	}
	if len(f.oneof) > 0 && !f.choose() {
		return f.show(n.Value) + " is none of " + strings.Join(f.oneof, ", ")
	}
	return ""
}

// set tells whether text is a value of v's kind.
func set(v reflect.Value, text string) bool {
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		t, err := time.ParseDuration(text)
		v.SetInt(int64(t))
		return err == nil
	case v.Kind() == reflect.Int:
		i, err := strconv.Atoi(text)
		v.SetInt(int64(i))
		return err == nil
	case v.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		v.SetBool(b)
		return err == nil
	default:
		v.SetString(text)
		return true
	}
}

func wanted(v reflect.Value) string {
	switch {
	case v.Type() == reflect.TypeFor[time.Duration]():
		return `a duration such as "1m30s"`
	case v.Kind() == reflect.Int:
		return "a whole number"
	case v.Kind() == reflect.Bool:
		return "true or false"
	default:
		return "text"
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
