package rest

import (
	"encoding/json"

	"dps/functions/api/rest/plgd"
	"dps/shared/dps"
)

// maxDepth bounds how deep a patch goes; no object of ours is as deep.
const maxDepth = 16

// patched gives current as the merge patch (RFC 7396) would have it, in the wire form. into is a pointer to a zero object.
// Errors: CodeInvalid, naming the field.
func patched(current any, patch []byte, into any) error {
	var target, change any
	if err := json.Unmarshal(patch, &change); err != nil {
		return dps.Errorf(dps.CodeInvalid, "body: want a JSON object")
	}
	if _, ok := change.(map[string]any); !ok {
		return dps.Errorf(dps.CodeInvalid, "body: want a JSON object")
	}
	if err := json.Unmarshal(plgd.Marshal(current, plgd.Extended), &target); err != nil {
		return dps.Wrap(dps.CodeInternal, err, "internal error")
	}
	merged, ok := merge(target, change, maxDepth)
	if !ok {
		return dps.Errorf(dps.CodeInvalid, "body: is deeper than %d levels", maxDepth)
	}
	data, err := json.Marshal(merged)
	if err != nil {
		return dps.Wrap(dps.CodeInternal, err, "internal error")
	}
	return plgd.Unmarshal(data, into, true)
}

// merge is the function of RFC 7396 §2; ok is false where the patch is too deep.
func merge(target, patch any, depth int) (merged any, ok bool) {
	change, isObject := patch.(map[string]any)
	if !isObject {
		return patch, true
	}
	if depth == 0 {
		return nil, false
	}
	object, isObject := target.(map[string]any)
	if !isObject {
		object = make(map[string]any, len(change))
	}
	for name, value := range change {
		if value == nil {
			delete(object, name)
			continue
		}
		if object[name], ok = merge(object[name], value, depth-1); !ok {
			return nil, false
		}
	}
	return object, true
}
