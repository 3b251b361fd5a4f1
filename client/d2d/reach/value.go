package reach

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/fxamacker/cbor/v2"

	"dps/shared/ocf"
)

// Bounds of a decoded answer.
const (
	maxNesting  = 16
	maxElements = 4096
)

func decodeMode() (cbor.DecMode, error) {
	return cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthAllowed, // the firmware's maps are
		TagsMd:           cbor.TagsForbidden,
		IntDec:           cbor.IntDecConvertNone,
		UTF8:             cbor.UTF8RejectInvalid,
		MaxNestedLevels:  maxNesting,
		MaxMapPairs:      maxElements,
		MaxArrayElements: maxElements,
	}.DecMode()
}

// decodeInto reads CBOR into a structure. Unknown keys are ignored, and what has another type than expected stays empty: old
// and new specifications differ in what we do not need.
func decodeInto(data []byte, v any) error {
	mode, err := decodeMode()
	if err != nil {
		return err
	}
	err = mode.Unmarshal(data, v)
	if mismatch := new(cbor.UnmarshalTypeError); errors.As(err, &mismatch) {
		return nil
	}
	return err
}

// decodeValue reads an answer's body as a value that encoding/json takes.
func decodeValue(format uint16, data []byte) (any, error) {
	switch {
	case len(data) == 0:
		return nil, nil //nolint:nilnil // an answer without a body has no value
	case format == ocf.FormatJSON:
		var v any
		err := json.Unmarshal(data, &v)
		return v, err
	case format != ocf.FormatOCFCBOR && format != ocf.FormatCBOR:
		return data, nil
	}
	var v any
	if err := decodeInto(data, &v); err != nil {
		return nil, err
	}
	return jsonable(v)
}

// jsonable makes of a CBOR value one that JSON knows: text keys, no infinite numbers.
func jsonable(v any) (any, error) {
	switch v := v.(type) {
	case map[any]any:
		return jsonableMap(v)
	case []any:
		for i := range v {
			var err error
			if v[i], err = jsonable(v[i]); err != nil {
				return nil, err
			}
		}
		return v, nil
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, nil //nolint:nilnil // JSON has no such number; null is what it says instead
		}
		return v, nil
	case nil, bool, string, []byte, uint64, int64:
		return v, nil
	default:
		return nil, fmt.Errorf("value of type %T has no form in JSON", v)
	}
}

func jsonableMap(m map[any]any) (any, error) {
	out := make(map[string]any, len(m))
	for k, e := range m {
		key, ok := k.(string)
		if !ok {
			key = fmt.Sprint(k)
		}
		if _, twice := out[key]; twice {
			return nil, fmt.Errorf("key %q stands there twice", clip(key))
		}
		value, err := jsonable(e)
		if err != nil {
			return nil, err
		}
		out[key] = value
	}
	return out, nil
}

// encodeValue writes a value as CBOR. JSON knows one kind of number, devices two: a float without a fraction is written
// as an integer.
func encodeValue(v any) ([]byte, error) {
	whole, err := integers(v, 0)
	if err != nil {
		return nil, err
	}
	return cbor.Marshal(whole)
}

func integers(v any, depth int) (any, error) {
	if depth > maxNesting {
		return nil, fmt.Errorf("value is nested deeper than %d levels", maxNesting)
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			n, err := integers(e, depth+1)
			if err != nil {
				return nil, err
			}
			out[k] = n
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			n, err := integers(e, depth+1)
			if err != nil {
				return nil, err
			}
			out[i] = n
		}
		return out, nil
	case float64:
		const exact = 1 << 53 // beyond it a float64 skips integers
		if v == math.Trunc(v) && math.Abs(v) <= exact {
			return int64(v), nil
		}
		return v, nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n, nil
		}
		return v.Float64()
	default:
		return v, nil
	}
}
