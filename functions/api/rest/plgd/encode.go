package plgd

import (
	"encoding/base64"
	"encoding/json"
	"reflect"
	"strconv"
)

// Form says which fields are written.
type Form int

// The forms.
const (
	// Default is plgd's answer to most clients: zero numbers, false and zero enumerations are written, what is empty is not.
	Default Form = iota
	// Complete is plgd's answer to application/protojson: every field, null for a message that is not there.
	Complete
	// Extended is for new clients: what is zero is left out, and extension fields are in.
	Extended
)

// Marshal writes v, a struct of this package's kind or a pointer to one.
func Marshal(v any, f Form) []byte { return f.message(nil, reflect.Indirect(reflect.ValueOf(v))) }

func (f Form) message(dst []byte, v reflect.Value) []byte {
	dst = append(dst, '{')
	start := len(dst)
	for i := range v.NumField() {
		field, value := FieldOf(v.Type().Field(i)), v.Field(i)
		if field.Extension && f != Extended || f.omits(value, field) {
			continue
		}
		mark := len(dst)
		if mark > start {
			dst = append(dst, ',')
		}
		dst = append(appendText(dst, field.Name), ':')
		begin := len(dst)
		dst = f.value(dst, value, field)
		if f == Default && string(dst[begin:]) == "{}" {
			dst = dst[:mark]
		}
	}
	return append(dst, '}')
}

func (f Form) omits(v reflect.Value, field Field) bool {
	empty := false
	switch v.Kind() {
	case reflect.String:
		empty = v.Len() == 0 && field.Enum == nil
	case reflect.Slice:
		empty = v.Len() == 0
	case reflect.Pointer:
		empty = v.IsNil()
	default:
		return f == Extended && v.IsZero()
	}
	return empty && f != Complete
}

func (f Form) value(dst []byte, v reflect.Value, field Field) []byte {
	switch v.Kind() {
	case reflect.String:
		if v.Len() == 0 && field.Enum != nil {
			return appendText(dst, field.Enum[0])
		}
		return appendText(dst, v.String())
	case reflect.Bool:
		return strconv.AppendBool(dst, v.Bool())
	case reflect.Int32:
		return strconv.AppendInt(dst, v.Int(), 10)
	case reflect.Uint32:
		return strconv.AppendUint(dst, v.Uint(), 10)
	case reflect.Int64:
		return append(strconv.AppendInt(append(dst, '"'), v.Int(), 10), '"')
	case reflect.Struct:
		return f.message(dst, v)
	case reflect.Pointer:
		if v.IsNil() {
			return append(dst, "null"...)
		}
		return f.message(dst, v.Elem())
	case reflect.Slice:
		return f.list(dst, v)
	default: // no such field; a test writes every type
		return append(dst, "null"...)
	}
}

func (f Form) list(dst []byte, v reflect.Value) []byte {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		dst = base64.StdEncoding.AppendEncode(append(dst, '"'), v.Bytes())
		return append(dst, '"')
	}
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = f.value(dst, v.Index(i), Field{})
	}
	return append(dst, ']')
}

// appendText escapes what HTML would understand, too: the text stays the same, and a browser that is led astray finds no tag.
func appendText(dst []byte, s string) []byte {
	quoted, _ := json.Marshal(s) // a string always can be
	return append(dst, quoted...)
}
