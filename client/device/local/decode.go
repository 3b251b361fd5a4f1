package local

import (
	"github.com/fxamacker/cbor/v2"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// Bounds of a decoded body.
const (
	maxNesting  = 8
	maxElements = 256

	mapType = 5 // major type of a map's first byte (RFC 8949 §3.1)
)

// decoder is like ocf's, but takes keys that travel as text which is none: that is how some clients write them.
func decoder() (cbor.DecMode, error) {
	return cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthAllowed,
		TagsMd:            cbor.TagsForbidden,
		IntDec:            cbor.IntDecConvertSignedOrFail,
		UTF8:              cbor.UTF8DecodeInvalid,
		MaxNestedLevels:   maxNesting,
		MaxMapPairs:       maxElements,
		MaxArrayElements:  maxElements,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField, // a security resource must not ignore what it is told
	}.DecMode()
}

// decode reads a request's body. Errors: CodeInvalid, without the body's values.
func decode(req request, v any) error {
	if req.format != ocf.FormatOCFCBOR && req.format != ocf.FormatCBOR {
		return dps.Errorf(dps.CodeInvalid, "content format is %d, want %d or %d", req.format, ocf.FormatOCFCBOR, ocf.FormatCBOR)
	}
	mode, err := decoder()
	if err != nil {
		return dps.Wrap(dps.CodeInternal, err, "cannot make a decoder")
	}
	if len(req.body) == 0 || req.body[0]>>5 != mapType {
		return dps.Errorf(dps.CodeInvalid, "body is no map")
	}
	if err := mode.Unmarshal(req.body, v); err != nil {
		return dps.Wrap(dps.CodeInvalid, err, "body is not what the resource understands")
	}
	return nil
}
