package rest

import (
	"reflect"

	"dps/functions/api/rest/plgd"
	"dps/shared/dps"
)

// schemas are the document's components, by the names of their types.
type schemas map[string]object

func ref(name string) object { return object{"$ref": "#/components/schemas/" + name} }

// of gives a reference to the schema of v's type, in the form plgd.Extended.
func (s schemas) of(v any) object { return s.named(reflect.TypeOf(v)) }

func (s schemas) named(t reflect.Type) object {
	if _, known := s[t.Name()]; !known {
		s[t.Name()] = object{} // a type within itself ends here
		properties := object{}
		for i := range t.NumField() {
			field := plgd.FieldOf(t.Field(i))
			properties[field.Name] = s.field(t.Field(i).Type, field)
		}
		s[t.Name()] = object{"type": "object", "properties": properties, "additionalProperties": false}
	}
	return ref(t.Name())
}

// patchOf gives a reference to the schema of a merge patch (RFC 7396) of v's type: in it, null takes a field away.
func (s schemas) patchOf(v any) object { return s.patch(reflect.TypeOf(v)) }

func (s schemas) patch(t reflect.Type) object {
	name := t.Name() + "Patch"
	if _, known := s[name]; !known {
		s[name] = object{}
		properties := object{}
		for i := range t.NumField() {
			field := plgd.FieldOf(t.Field(i))
			properties[field.Name] = s.patchField(t.Field(i).Type, field)
		}
		s[name] = object{"type": "object", "properties": properties, "additionalProperties": false}
	}
	return ref(name)
}

func (s schemas) patchField(t reflect.Type, field plgd.Field) object {
	null := object{"type": "null"}
	switch t.Kind() {
	case reflect.Pointer:
		return object{"anyOf": []any{s.patch(t.Elem()), null}}
	case reflect.Struct:
		return object{"anyOf": []any{s.patch(t), null}}
	default:
		return object{"anyOf": []any{s.field(t, field), null}}
	}
}

func (s schemas) field(t reflect.Type, field plgd.Field) object {
	out := s.value(t, field)
	if field.Doc != "" {
		out["description"] = field.Doc
	}
	if field.ReadOnly {
		out["readOnly"] = true
	}
	return out
}

func (s schemas) value(t reflect.Type, field plgd.Field) object {
	switch t.Kind() {
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int32:
		return object{"type": "integer", "format": "int32"}
	case reflect.Uint32:
		return object{"type": "integer", "minimum": 0}
	case reflect.Int64: // read as text or number, written as text
		return object{"type": []string{"string", "integer"}, "format": "int64", "pattern": "^-?[0-9]+$"}
	case reflect.Pointer:
		return s.named(t.Elem())
	case reflect.Struct:
		return s.named(t)
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return object{"type": "string", "contentEncoding": "base64"}
		}
		return object{"type": "array", "items": s.value(t.Elem(), plgd.Field{Enum: field.Enum})}
	default:
		out := object{"type": "string"}
		if field.Enum != nil {
			out["enum"] = field.Enum
		}
		return out
	}
}

func codes() []string {
	var out []string
	for _, c := range dps.Codes() {
		out = append(out, string(c))
	}
	return out
}
