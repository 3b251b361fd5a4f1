package device

import (
	"fmt"
	"slices"

	"dps/shared/dps"
)

// object is a decoded CBOR map with its place in the body, so that every complaint names the field.
type object struct {
	path   string
	fields map[string]any
}

// decodeBody reads the map that a body must be. Its keys are all text, at every depth that is looked at.
func decodeBody(payload []byte) (object, error) {
	if len(payload) == 0 {
		return object{}, faultf(ReasonBody, "the answer has no payload")
	}
	var raw any
	if err := decodeMode.Unmarshal(payload, &raw); err != nil {
		return object{}, faultf(ReasonBody, "not CBOR that the device reads: %w", err)
	}
	return asObject("body", raw)
}

func asObject(path string, v any) (object, error) {
	m, ok := v.(map[any]any)
	if !ok {
		return object{}, faultf(ReasonBody, "%s is %s, want a map", path, kind(v))
	}
	fields := make(map[string]any, len(m))
	for k, value := range m {
		key, ok := k.(string)
		if !ok {
			return object{}, faultf(ReasonBody, "%s has a key that is %s, want text", path, kind(k))
		}
		fields[key] = value
	}
	return object{path: path, fields: fields}, nil
}

func (o object) at(key string) string { return o.path + "." + key }

func (o object) has(key string) bool {
	_, ok := o.fields[key]
	return ok
}

// text gives a text that must be there and not be empty.
func (o object) text(key string) (string, error) {
	v, ok := o.fields[key]
	if !ok {
		return "", faultf(ReasonBody, "%s is missing", o.at(key))
	}
	s, ok := v.(string)
	if !ok {
		return "", faultf(ReasonBody, "%s is %s, want text", o.at(key), kind(v))
	}
	if s == "" {
		return "", faultf(ReasonBody, "%s is empty", o.at(key))
	}
	return s, nil
}

// textIs demands one certain text.
func (o object) textIs(key, want string) error {
	s, err := o.text(key)
	if err != nil {
		return err
	}
	if s != want {
		return faultf(ReasonBody, "%s is %q, want %q", o.at(key), s, want)
	}
	return nil
}

// uuid gives a text that must be a UUID, in lower case.
func (o object) uuid(key string) (string, error) {
	s, err := o.text(key)
	if err != nil {
		return "", err
	}
	u, ok := dps.ParseUUID(s)
	if !ok {
		return "", faultf(ReasonBody, "%s is %q, want a UUID", o.at(key), s)
	}
	return u, nil
}

// number gives an integer that must be there.
func (o object) number(key string) (int64, error) {
	v, ok := o.fields[key]
	if !ok {
		return 0, faultf(ReasonBody, "%s is missing", o.at(key))
	}
	n, ok := v.(int64)
	if !ok {
		return 0, faultf(ReasonBody, "%s is %s, want an integer", o.at(key), kind(v))
	}
	return n, nil
}

// object gives a map that must be there.
func (o object) object(key string) (object, error) {
	v, ok := o.fields[key]
	if !ok {
		return object{}, faultf(ReasonBody, "%s is missing", o.at(key))
	}
	return asObject(o.at(key), v)
}

// list gives an array of maps that must be there; it may be empty.
func (o object) list(key string) ([]object, error) {
	v, ok := o.fields[key]
	if !ok {
		return nil, faultf(ReasonBody, "%s is missing", o.at(key))
	}
	items, ok := v.([]any)
	if !ok {
		return nil, faultf(ReasonBody, "%s is %s, want an array", o.at(key), kind(v))
	}
	out := make([]object, 0, len(items))
	for i, item := range items {
		e, err := asObject(fmt.Sprintf("%s[%d]", o.at(key), i), item)
		if err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// only rejects keys beside the known ones.
func (o object) only(known ...string) error {
	for key := range o.fields {
		if !slices.Contains(known, key) {
			return faultf(ReasonUnknownKey, "%s is not among %v", o.at(key), known)
		}
	}
	return nil
}

// without rejects one key.
func (o object) without(key string) error {
	if o.has(key) {
		return faultf(ReasonUnknownKey, "%s must not be there", o.at(key))
	}
	return nil
}

// kind names a decoded value's type without its content, which may be a secret.
func kind(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "text"
	case []byte:
		return "bytes"
	case bool:
		return "a boolean"
	case int64, uint64:
		return "an integer"
	case float32, float64:
		return "a float"
	case []any:
		return "an array"
	case map[any]any:
		return "a map"
	default:
		return fmt.Sprintf("%T", v)
	}
}
