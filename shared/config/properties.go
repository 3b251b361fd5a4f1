package config

import (
	"reflect"
	"strings"
)

// Property describes one property of the configuration file.
type Property struct {
	Path    string // dotted; entries of a list as []
	Type    string // bool, int, string, []string, duration, object, []object
	Default string // as the file would have it
	Unit    string // or form: bytes, file, HOST:PORT; "" where the type says it all
	Meaning string
	Applies string // where it applies; "" is everywhere
	Bounds  string // such as "1 to 100"; "" is none
	Choices []string
	Aliases []string
}

// Properties describes every property, in the order of the types. It is what docs/configuration.md is made of.
func Properties() []Property {
	return describe(reflect.TypeFor[Config](), "")
}

func describe(t reflect.Type, path string) []Property {
	var all []Property
	for i := range t.NumField() {
		f, ok := fieldOf(t.Field(i))
		if !ok {
			continue
		}
		switch ft := t.Field(i).Type; {
		case ft.Kind() == reflect.Struct:
			all = append(all, describe(ft, join(path, f.name))...)
		case ft.Kind() == reflect.Pointer:
			all = append(all, describe(ft.Elem(), join(path, f.name))...)
		case isStructs(ft):
			all = append(all, describe(ft.Elem(), join(path, f.name)+"[]")...)
		default:
			all = append(all, f.describe(ft, join(path, f.name)))
		}
	}
	return all
}

func (f field) describe(t reflect.Type, path string) Property {
	aliases := f.aliases
	if f.inline != "" {
		aliases = append(aliases, f.inline)
	}
	return Property{
		Path:    path,
		Type:    typeName(t),
		Default: defaultText(t, f.def),
		Unit:    f.unit,
		Meaning: f.doc,
		Applies: f.applies,
		Bounds:  f.bounds(t),
		Choices: f.oneof,
		Aliases: aliases,
	}
}

// defaultText gives a default as YAML.
func defaultText(t reflect.Type, def string) string {
	switch {
	case t == listType && def == "":
		return "[]"
	case t == listType:
		return `["` + strings.ReplaceAll(def, ",", `", "`) + `"]`
	case t.Kind() == reflect.String:
		return `"` + def + `"`
	default:
		return def
	}
}

// bounds gives the bounds of a number or duration in words.
func (f field) bounds(t reflect.Type) string {
	switch {
	case t.Kind() != reflect.Int && t != durationType, f.min == "" && f.max == "", f.min == "-", len(f.oneof) > 0:
		return ""
	case f.max == "":
		return "At least " + f.min
	default:
		return "From " + f.min + " to " + f.max
	}
}
