package config

import (
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"dps/shared/dps"
)

// readScalar reads a node into a bool, int, duration or string, and says what is wrong with it, "" for nothing.
func readScalar(n *yaml.Node, v reflect.Value, f field) string {
	if n.Kind != yaml.ScalarNode {
		return "is " + kindName(n) + ": want " + wanted(v.Type())
	}
	shown := show(n.Value)
	if f.secret {
		shown = "REDACTED"
	}
	value, problem := scalarText(n, v.Type())
	if problem != "" {
		return shown + " " + problem
	}
	value = canonical(value, f.oneof)
	if err := setText(v, value); err != nil {
		return shown + " is not right: want " + wanted(v.Type())
	}
	return ""
}

// scalarText gives the node's text where its YAML type suits t.
func scalarText(n *yaml.Node, t reflect.Type) (text, problem string) {
	tag := n.ShortTag()
	switch {
	case t == durationType:
		if tag == "!!int" && n.Value != "0" {
			return "", "has no unit: write " + strings.TrimLeft(n.Value, "+-") + "s for seconds, or another of " + durationUnits
		}
		if tag != "!!str" && tag != "!!int" {
			return "", "is " + kindName(n) + ": want " + wanted(t)
		}
	case t.Kind() == reflect.Bool:
		if tag != "!!bool" {
			return "", "is " + kindName(n) + ": want " + wanted(t)
		}
		return strings.ToLower(n.Value), ""
	case t.Kind() == reflect.Int:
		if tag != "!!int" {
			return "", "is " + kindName(n) + ": want " + wanted(t)
		}
		return strings.ReplaceAll(n.Value, "_", ""), ""
	case tag != "!!str":
		return "", "is " + kindName(n) + ": want " + wanted(t) + ", so put quotes around it"
	}
	return n.Value, ""
}

const durationUnits = "ns, us, ms, s, m, h"

func wanted(t reflect.Type) string {
	switch {
	case t == durationType:
		return `a duration such as "2h45m" or "300ms" (units ` + durationUnits + ")"
	case t.Kind() == reflect.Bool:
		return "true or false"
	case t.Kind() == reflect.Int:
		return "a whole number"
	default:
		return "text"
	}
}

// kindName is what the author of the file would call the node.
func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a section"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!str":
		return "text"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	case "!!timestamp":
		return "a date"
	default:
		return "of the type " + show(n.ShortTag())
	}
}

// canonical gives the spelling of the choice that value names, whatever its case.
func canonical(value string, choices []string) string {
	i := slices.IndexFunc(choices, func(c string) bool { return strings.EqualFold(c, value) })
	if i < 0 {
		return value
	}
	return choices[i]
}

// contentToDataURI gives a secret that is written into the file itself the form of a data URI: the one form that every
// printer of references redacts.
func contentToDataURI(value string, inline bool) string {
	if value == "" || strings.HasPrefix(value, "data:") {
		return value
	}
	if inline || isPEM(value) {
		return dps.EncodeDataURI([]byte(value))
	}
	return value
}
