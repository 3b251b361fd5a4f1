package ocf

import (
	"encoding/json"
	"errors"

	"github.com/fxamacker/cbor/v2"
)

// CoAP content formats (IANA registry) that the service speaks.
const (
	FormatJSON    uint16 = 50
	FormatCBOR    uint16 = 60
	FormatOCFCBOR uint16 = 10000 // application/vnd.ocf+cbor, the default
)

// Options of OCF Core 1.3 §12.2.4, and the one version that they name here: 1.0.0.
const (
	OptionAcceptVersion  uint16 = 2049
	OptionContentVersion uint16 = 2053
	Version1             uint32 = 0x0800
)

// Bounds of a body, checked before and while it is decoded.
const (
	MaxRequestSize  = 16 << 10 // bytes of one step's request body
	maxNesting      = 8
	maxPairs        = 128
	maxElements     = 128
	MaxResponseSize = 8192 // bytes of payload: the device's limit over TCP
)

// ErrFormat says that the content format is none that the service speaks.
var ErrFormat = errors.New("content format is not 10000, 60 or 50")

// ErrSize says that a body is over its bound.
var ErrSize = errors.New("body is too large")

var decodeMode, encodeMode = newModes()

func newModes() (cbor.DecMode, cbor.EncMode) {
	dec, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthAllowed, // the device's maps are (PROTOCOL §2.6)
		TagsMd:           cbor.TagsForbidden,
		MaxNestedLevels:  maxNesting,
		MaxMapPairs:      maxPairs,
		MaxArrayElements: maxElements,
		UTF8:             cbor.UTF8RejectInvalid,
	}.DecMode()
	if err != nil {
		panic(err) // constants above out of the library's range
	}
	enc, err := cbor.EncOptions{Time: cbor.TimeRFC3339Nano}.EncMode()
	if err != nil {
		panic(err)
	}
	return dec, enc
}

// Encode writes v in the format. Errors: ErrFormat, or what the encoder says.
func Encode(format uint16, v any) ([]byte, error) {
	switch format {
	case FormatOCFCBOR, FormatCBOR:
		return encodeMode.Marshal(v)
	case FormatJSON:
		return json.Marshal(v)
	default:
		return nil, ErrFormat
	}
}

// Decode reads data, at most limit bytes, in the format into v. Unknown keys are ignored. Errors: ErrFormat, ErrSize, or
// what is malformed.
func Decode(format uint16, data []byte, limit int, v any) error {
	if len(data) > limit {
		return ErrSize
	}
	switch format {
	case FormatOCFCBOR, FormatCBOR:
		return decodeMode.Unmarshal(data, v)
	case FormatJSON:
		return json.Unmarshal(data, v)
	default:
		return ErrFormat
	}
}
