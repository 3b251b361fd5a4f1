package plgd

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"dps/shared/dps"
)

// Unmarshal reads data into v, a pointer to a zero struct of this package's kind. plgd's own clients send fields that it
// does not know, which it ignores: strict is false for them, and extension fields are ignored, too. Names may be in
// lowerCamelCase or snake_case, numbers may be text, null is the zero. Errors: CodeInvalid, naming the field.
func Unmarshal(data []byte, v any, strict bool) error {
	return reader{strict}.message(data, reflect.ValueOf(v).Elem(), "")
}

type reader struct{ strict bool }

func (r reader) message(data []byte, v reflect.Value, path string) error {
	var object map[string]json.RawMessage
	if err := json.Unmarshal(data, &object); err != nil || object == nil {
		return wrong(path, "want a JSON object")
	}
	names := make(map[string]int, 2*v.NumField())
	for i := range v.NumField() {
		field := FieldOf(v.Type().Field(i))
		if field.Extension && !r.strict {
			continue
		}
		names[field.Name], names[snake(field.Name)] = i, i
	}
	for _, name := range slices.Sorted(maps.Keys(object)) {
		i, known := names[name]
		if !known {
			if r.strict {
				return wrong(join(path, name), "there is no such field")
			}
			continue
		}
		if err := r.value(object[name], v.Field(i), join(path, name)); err != nil {
			return err
		}
	}
	return nil
}

func (r reader) value(data []byte, v reflect.Value, path string) error {
	if bytes.Equal(data, []byte("null")) { // protobuf's "not set"
		if r.strict {
			return wrong(path, "must not be null: leave it out")
		}
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		return text(data, v, path)
	case reflect.Bool:
		switch string(data) {
		case "true", "false":
			v.SetBool(data[0] == 't')
			return nil
		}
		return wrong(path, "want true or false")
	case reflect.Int32, reflect.Int64, reflect.Uint32:
		return number(data, v, path)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		return r.message(data, v.Elem(), path)
	case reflect.Struct:
		return r.message(data, v, path)
	case reflect.Slice:
		return r.list(data, v, path)
	default:
		return wrong(path, "cannot be set")
	}
}

func (r reader) list(data []byte, v reflect.Value, path string) error {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return binary(data, v, path)
	}
	var items []json.RawMessage
	if json.Unmarshal(data, &items) != nil {
		return wrong(path, "want a JSON array")
	}
	out := reflect.MakeSlice(v.Type(), len(items), len(items))
	for i, item := range items {
		at := path + "[" + strconv.Itoa(i) + "]"
		if bytes.Equal(item, []byte("null")) {
			return wrong(at, "must not be null")
		}
		if err := r.value(item, out.Index(i), at); err != nil {
			return err
		}
	}
	v.Set(out)
	return nil
}

func text(data []byte, v reflect.Value, path string) error {
	var s string
	if json.Unmarshal(data, &s) != nil {
		return wrong(path, "want text")
	}
	v.SetString(s)
	return nil
}

// binary takes base64 of both alphabets, with or without padding, as protobuf does.
func binary(data []byte, v reflect.Value, path string) error {
	var s string
	if json.Unmarshal(data, &s) != nil {
		return wrong(path, "want text in base64")
	}
	s = strings.NewReplacer("-", "+", "_", "/").Replace(strings.TrimRight(s, "="))
	decoded, err := base64.RawStdEncoding.DecodeString(s)
	if err != nil {
		return wrong(path, "is not base64")
	}
	v.SetBytes(decoded)
	return nil
}

func number(data []byte, v reflect.Value, path string) error {
	s := string(bytes.Trim(data, `"`))
	if v.Kind() == reflect.Uint32 {
		n, err := strconv.ParseUint(s, 10, 32)
		if err != nil {
			return wrong(path, "want an integer of 0 to 4294967295")
		}
		v.SetUint(n)
		return nil
	}
	n, err := strconv.ParseInt(s, 10, v.Type().Bits())
	if err != nil {
		return wrong(path, "want an integer of "+strconv.Itoa(v.Type().Bits())+" bits")
	}
	v.SetInt(n)
	return nil
}

// wrong names the field, and not the value, which may be a secret.
func wrong(path, what string) error {
	if path == "" {
		path = "body"
	}
	const longest = 200
	return dps.Errorf(dps.CodeInvalid, "%s: %s", strings.ToValidUTF8(path[:min(len(path), longest)], ""), what)
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}
