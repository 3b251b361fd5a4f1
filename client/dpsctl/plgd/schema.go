package plgd

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"dps/shared/config"
)

// schema is the tree of this service's properties.
type schema struct {
	name     string
	list     bool // of sections
	children map[string]*schema
	property *config.Property // of a leaf
}

// newSchema makes the tree of config.Properties, by lower-case names, other names of a property included.
func newSchema() *schema {
	root := &schema{children: map[string]*schema{}}
	for _, p := range config.Properties() {
		at := root
		parts := strings.Split(p.Path, ".")
		for _, part := range parts[:len(parts)-1] {
			at = at.section(part)
		}
		for _, name := range append([]string{parts[len(parts)-1]}, p.Aliases...) {
			at.children[strings.ToLower(name)] = &schema{name: name, property: &p}
		}
	}
	return root
}

func (s *schema) section(part string) *schema {
	name, list := strings.CutSuffix(part, "[]")
	key := strings.ToLower(name)
	if s.children[key] == nil {
		s.children[key] = &schema{name: name, list: list, children: map[string]*schema{}}
	}
	return s.children[key]
}

// adapt gives a value the YAML type that the property wants: plgd's templates put quotes around numbers, and people leave
// them out around text.
func (s *schema) adapt(v *yaml.Node) *yaml.Node {
	if v.Kind != yaml.ScalarNode || v.Tag == "!!null" {
		return v
	}
	switch s.property.Type {
	case "int", "bool":
		v.Tag, v.Style = "", 0
	case "string":
		if v.ShortTag() != "!!str" {
			v.SetString(v.Value)
			v.Style = yaml.DoubleQuotedStyle
		}
	}
	return v
}

// impossible tells whether the value is none of the property's choices.
func (s *schema) impossible(v *yaml.Node) bool {
	return len(s.property.Choices) > 0 && v.Kind == yaml.ScalarNode &&
		!slices.ContainsFunc(s.property.Choices, func(c string) bool { return strings.EqualFold(c, v.Value) })
}
