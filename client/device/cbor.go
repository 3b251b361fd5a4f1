package device

import (
	"bytes"

	"github.com/fxamacker/cbor/v2"
)

// pairs is a CBOR map of indefinite length whose keys keep their order: the way the device writes its maps (PROTOCOL §2.6).
type pairs []pair

type pair struct {
	key   string
	value any
}

// MarshalCBOR writes the map.
func (p pairs) MarshalCBOR() ([]byte, error) {
	var b bytes.Buffer
	e := cbor.NewEncoder(&b)
	if err := e.StartIndefiniteMap(); err != nil {
		return nil, err
	}
	for _, kv := range p {
		if err := e.Encode(kv.key); err != nil {
			return nil, err
		}
		if err := e.Encode(kv.value); err != nil {
			return nil, err
		}
	}
	err := e.EndIndefinite()
	return b.Bytes(), err
}

// Bounds of what the device decodes: beyond any honest answer, below what could hurt.
const (
	maxNesting  = 16
	maxElements = 1024
)

var decodeMode = newDecodeMode()

func newDecodeMode() cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthAllowed,
		TagsMd:           cbor.TagsForbidden,
		IntDec:           cbor.IntDecConvertSignedOrFail,
		UTF8:             cbor.UTF8DecodeInvalid, // a raw key travels as text; the device does not look
		DefaultMapType:   nil,
		MaxNestedLevels:  maxNesting,
		MaxMapPairs:      maxElements,
		MaxArrayElements: maxElements,
	}.DecMode()
	if err != nil {
		panic(err) // constants above out of the library's range
	}
	return m
}
