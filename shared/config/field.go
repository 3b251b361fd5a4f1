package config

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// field is what the struct tags say about a property.
type field struct {
	name     string
	aliases  []string
	inline   string // name under which the value is the content itself
	def      string
	oneof    []string
	min, max string // "" is none; for strings and lists they bound the length
	scalar   bool
	secret   bool
	unit     string
	doc      string
	applies  string
}

// property is a field at its place in a configuration.
type property struct {
	field
	path  string
	value reflect.Value
}

func fieldOf(f reflect.StructField) (field, bool) {
	name := f.Tag.Get("yaml")
	if name == "" {
		return field{}, false
	}
	return field{
		name:    name,
		aliases: splitList(f.Tag.Get("alias")),
		inline:  f.Tag.Get("inline"),
		def:     f.Tag.Get("default"),
		oneof:   splitList(f.Tag.Get("oneof")),
		min:     f.Tag.Get("min"),
		max:     f.Tag.Get("max"),
		scalar:  f.Tag.Get("scalar") == "true",
		secret:  f.Tag.Get("secret") == "true",
		unit:    f.Tag.Get("unit"),
		doc:     f.Tag.Get("doc"),
		applies: f.Tag.Get("applies"),
	}, true
}

// walk visits every property below v, a struct, in the order of the types.
func walk(v reflect.Value, path string, visit func(property)) {
	for i := range v.NumField() {
		f, ok := fieldOf(v.Type().Field(i))
		if !ok {
			continue
		}
		at := join(path, f.name)
		switch value := v.Field(i); {
		case value.Kind() == reflect.Struct:
			walk(value, at, visit)
		case value.Kind() == reflect.Pointer:
			if !value.IsNil() {
				walk(value.Elem(), at, visit)
			}
		case isStructs(value.Type()):
			for j := range value.Len() {
				walk(value.Index(j), index(at, j), visit)
			}
		default:
			visit(property{f, at, value})
		}
	}
}

// setDefaults fills in the defaults of every property below v, an addressable struct.
func setDefaults(v reflect.Value) {
	walk(v, "", func(p property) {
		if err := setText(p.value, p.def); err != nil {
			panic(fmt.Sprintf("config: default of %s: %v", p.path, err)) // a wrong struct tag: every test fails on it
		}
	})
}

// setText sets a property to what text says; a list's elements are separated by commas.
func setText(v reflect.Value, text string) error {
	switch {
	case v.Type() == durationType:
		d, err := time.ParseDuration(text)
		v.SetInt(int64(d))
		return err
	case v.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(text)
		v.SetBool(b)
		return err
	case v.Kind() == reflect.Int:
		n, err := strconv.ParseInt(text, 0, 0)
		v.SetInt(n)
		return err
	case v.Kind() == reflect.String:
		v.SetString(text)
		return nil
	case v.Type() == listType:
		v.Set(reflect.ValueOf(splitList(text)))
		return nil
	default:
		return fmt.Errorf("type %s has no text form", v.Type())
	}
}

// text gives a property's value as the file would have it; of a list, the elements separated by commas.
func text(v reflect.Value) string {
	if v.Type() == listType {
		list, _ := v.Interface().([]string)
		return strings.Join(list, ",")
	}
	if v.Kind() == reflect.String {
		return v.String() // not the String method of a secret reference, which redacts
	}
	return fmt.Sprint(v.Interface())
}

// typeName is the type's name for readers.
func typeName(t reflect.Type) string {
	switch {
	case t == durationType:
		return "duration"
	case t == listType:
		return "[]string"
	case t.Kind() == reflect.Struct, t.Kind() == reflect.Pointer:
		return "object"
	case isStructs(t):
		return "[]object"
	default:
		return t.Kind().String()
	}
}

var (
	durationType = reflect.TypeFor[time.Duration]()
	listType     = reflect.TypeFor[[]string]()
)

func isStructs(t reflect.Type) bool {
	return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }

func splitList(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}
