package rest

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
)

// rawJSON is written as it is.
type rawJSON = json.RawMessage

// differences names the fields, as dotted paths, in which two JSON objects differ; lists count as a whole.
func differences(a, b []byte) []string {
	var left, right map[string]any
	if json.Unmarshal(a, &left) != nil || json.Unmarshal(b, &right) != nil {
		return nil
	}
	return differ("", left, right)
}

func differ(path string, a, b map[string]any) []string {
	out := []string{}
	names := maps.Clone(a)
	if names == nil {
		names = map[string]any{}
	}
	maps.Copy(names, b)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		left, right := a[name], b[name]
		leftObject, ok1 := left.(map[string]any)
		rightObject, ok2 := right.(map[string]any)
		switch {
		case ok1 || ok2:
			out = append(out, differ(path+name+".", leftObject, rightObject)...)
		case !reflect.DeepEqual(left, right):
			out = append(out, path+name)
		}
	}
	return out
}
