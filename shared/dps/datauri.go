package dps

import (
	"encoding/base64"
	"net/url"
	"strings"
)

// DecodeDataURI gives the content of a data URI (RFC 2397), base64 or percent-encoded, whatever its media type. Errors:
// CodeInvalid; the text never repeats the content, which may be a secret.
func DecodeDataURI(uri string) ([]byte, error) {
	rest, ok := strings.CutPrefix(uri, "data:")
	if !ok {
		return nil, Errorf(CodeInvalid, "not a data URI: must begin with data:")
	}
	mediaType, content, ok := strings.Cut(rest, ",")
	if !ok {
		return nil, Errorf(CodeInvalid, "data URI without a comma: want data:;base64,CONTENT")
	}
	if !strings.HasSuffix(mediaType, ";base64") {
		plain, err := url.PathUnescape(content)
		if err != nil {
			return nil, Errorf(CodeInvalid, "data URI with a bad %% escape")
		}
		return []byte(plain), nil
	}
	// Padding is often lost where such values are pasted by hand; without it the meaning is the same.
	decoded, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(content, "="))
	if err != nil {
		return nil, Errorf(CodeInvalid, "data URI whose content is not base64")
	}
	return decoded, nil
}

// EncodeDataURI is the inverse of DecodeDataURI, in base64.
func EncodeDataURI(content []byte) string {
	return "data:;base64," + base64.StdEncoding.EncodeToString(content)
}
