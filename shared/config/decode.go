package config

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// maxValues bounds the values of a file after its aliases are followed: a few lines of nested aliases can stand for
// billions of values.
const maxValues = 100_000

// decoder turns YAML nodes into configuration types. The types bound its depth: it never follows a file deeper than they go.
type decoder struct {
	*collector
	values int
}

// decode reads data over the defaults. The collector knows the lines, and what was wrong.
func decode(data []byte) (Config, *collector) {
	c := Default()
	d := &decoder{collector: &collector{lines: make(map[string]int)}}
	c.lines = d.lines
	if len(data) > MaxFileSize {
		d.add("", "larger than %d bytes: split it, or name files instead of writing their content", MaxFileSize)
		return c, d.collector
	}
	root, err := parseYAML(data)
	if err != nil {
		d.add("", "%s", err)
		return c, d.collector
	}
	d.structure(root, reflect.ValueOf(&c).Elem(), "")
	return c, d.collector
}

// parseYAML gives the only document's root, a null node for an empty file.
func parseYAML(data []byte) (*yaml.Node, error) {
	var doc, second yaml.Node
	dec := yaml.NewDecoder(bytes.NewReader(data))
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, nil
	} else if err != nil {
		return nil, errors.New("not YAML: " + strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one YAML document: remove what follows the line ---")
	}
	if len(doc.Content) == 0 {
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null"}, nil
	}
	return doc.Content[0], nil
}

// spend counts a key or a value, and tells whether the file may have it.
func (d *decoder) spend() bool {
	if d.values < maxValues {
		d.values++
		return true
	}
	d.add("", "more than %d values: use fewer aliases", maxValues)
	return false
}

// take follows an alias, notes the line, and tells whether there is a value: none and null leave the default.
func (d *decoder) take(n *yaml.Node, path string) (*yaml.Node, bool) {
	if !d.spend() {
		return nil, false
	}
	line := n.Line
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return nil, false
	}
	if path != "" {
		d.lines[path] = line
	}
	return n, true
}

// structure reads a mapping into a struct.
func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string) {
	n, ok := d.take(n, path)
	if !ok {
		return
	}
	if n.Kind != yaml.MappingNode {
		d.add(path, "is %s: want properties, one a line", kindName(n))
		return
	}
	seen := make(map[string]int)
	for i := 0; i+1 < len(n.Content) && d.spend(); i += 2 {
		key := n.Content[i]
		m, ok := findKey(v.Type(), key)
		if !ok {
			d.unknownKey(key, v.Type(), path)
			continue
		}
		at := join(path, m.name)
		if first, twice := seen[m.name]; twice {
			d.add(at, "given twice, in the lines %d and %d: remove one", first, key.Line)
			continue
		}
		seen[m.name] = key.Line
		d.field(n.Content[i+1], v.Field(m.index), m, at)
		if _, set := d.lines[at]; set {
			d.lines[at] = key.Line // a section's own begins a line later
		}
	}
}

// field reads one property or section.
func (d *decoder) field(n *yaml.Node, v reflect.Value, m match, path string) {
	switch {
	case v.Kind() == reflect.Struct:
		d.structure(n, v, path)
	case v.Kind() == reflect.Pointer:
		d.optional(n, v, path)
	case isStructs(v.Type()):
		d.structures(n, v, m.field, path)
	case v.Type() == listType:
		d.list(n, v, m.field, path)
	default:
		d.scalar(n, v, m, path)
	}
}

// scalar reads a single value.
func (d *decoder) scalar(n *yaml.Node, v reflect.Value, m match, path string) {
	n, ok := d.take(n, path)
	if !ok {
		return
	}
	if problem := readScalar(n, v, m.field); problem != "" {
		d.add(path, "%s", problem)
		return
	}
	if m.secret {
		v.SetString(contentToDataURI(v.String(), m.content))
	}
}
