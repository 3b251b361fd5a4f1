package config

import (
	"reflect"

	"go.yaml.in/yaml/v3"
)

// optional reads a section that may be absent; an empty one counts as absent.
func (d *decoder) optional(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind == yaml.MappingNode && len(n.Content) == 0 {
		return
	}
	section := reflect.New(v.Type().Elem())
	setDefaults(section.Elem())
	d.structure(n, section.Elem(), path)
	if _, set := d.lines[path]; set {
		v.Set(section)
	}
}

// structures reads a list of sections.
func (d *decoder) structures(n *yaml.Node, v reflect.Value, f field, path string) {
	n, ok := d.take(n, path)
	if !ok {
		return
	}
	if n.Kind != yaml.SequenceNode {
		d.add(path, "is %s: want a list, each entry beginning with a dash", kindName(n))
		return
	}
	if problem := f.lengthBounds(len(n.Content), "entries"); problem != "" {
		d.add(path, "%s", problem)
		return
	}
	for i, item := range n.Content {
		section := reflect.New(v.Type().Elem()).Elem()
		setDefaults(section)
		v.Set(reflect.Append(v, section))
		at := index(path, i)
		d.structure(item, v.Index(i), at)
		if _, set := d.lines[at]; !set {
			d.add(at, "is empty: remove the dash, or fill it in")
		}
	}
}

// list reads a list of strings.
func (d *decoder) list(n *yaml.Node, v reflect.Value, f field, path string) {
	n, ok := d.take(n, path)
	if !ok {
		return
	}
	items := n.Content
	switch {
	case n.Kind == yaml.ScalarNode && f.scalar && n.Value == "":
		items = nil // the predecessor's own default for such a property is ""
	case n.Kind == yaml.ScalarNode && f.scalar:
		items = []*yaml.Node{n}
	case n.Kind != yaml.SequenceNode:
		d.add(path, "is %s: want a list, such as [a, b]", kindName(n))
		return
	}
	list := make([]string, 0, len(items))
	for i, item := range items {
		at := index(path, i)
		item, ok := d.take(item, at)
		if !ok {
			d.add(at, "is empty: remove it, or fill it in")
			continue
		}
		var s string
		if problem := readScalar(item, reflect.ValueOf(&s).Elem(), f); problem != "" {
			d.add(at, "%s", problem)
			continue
		}
		list = append(list, s)
	}
	v.Set(reflect.ValueOf(list))
}
