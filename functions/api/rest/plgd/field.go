package plgd

import (
	"reflect"
	"slices"
	"strings"
	"unicode"
)

// Field is what a struct's field is on the wire.
type Field struct {
	Name      string   // lowerCamelCase
	Extension bool     // plgd does not have it
	ReadOnly  bool     // a client does not set it
	Enum      []string // the names; the first is the zero
	Doc       string
}

// FieldOf reads the tags.
func FieldOf(f reflect.StructField) Field {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	out := Field{Name: name, Doc: f.Tag.Get("doc")}
	marks := strings.Split(f.Tag.Get("wire"), ",")
	out.Extension, out.ReadOnly = slices.Contains(marks, "ext"), slices.Contains(marks, "ro")
	if names := f.Tag.Get("enum"); names != "" {
		out.Enum = strings.Split(names, ",")
	}
	return out
}

// snake is the field's name as protobuf's own files have it, which its JSON also takes.
func snake(name string) string {
	var b strings.Builder
	for _, r := range name {
		if unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
