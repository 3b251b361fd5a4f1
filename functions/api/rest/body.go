package rest

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"unicode/utf8"

	"dps/functions/api/rest/plgd"
	"dps/shared/dps"
	"dps/shared/httpapi"
)

// body reads the request's body. Errors: 415 for another media type than those, 413 for a body that is too large.
func (x *exchange) body(media ...string) ([]byte, error) {
	if err := checkMedia(x.r.Header, media); err != nil {
		return nil, err
	}
	data, err := io.ReadAll(x.r.Body)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, fail(http.StatusRequestEntityTooLarge, httpapi.InvalidArgument, dps.CodeInvalid, "body: has more than %d bytes", MaxBody)
	}
	if err != nil {
		return nil, dps.Wrap(dps.CodeInvalid, err, "body: broke off")
	}
	if !utf8.Valid(data) {
		return nil, dps.Errorf(dps.CodeInvalid, "body: is not UTF-8")
	}
	return data, nil
}

func checkMedia(h http.Header, media []string) error {
	if h.Get("Content-Encoding") != "" {
		return fail(http.StatusUnsupportedMediaType, httpapi.InvalidArgument, dps.CodeInvalid, "Content-Encoding: send the body as it is")
	}
	given := h.Values("Content-Type")
	if len(given) == 0 {
		return nil
	}
	name, params, err := mime.ParseMediaType(given[0])
	charset := params["charset"]
	if err != nil || len(given) > 1 || !slices.Contains(media, name) || charset != "" && charset != "utf-8" && charset != "UTF-8" {
		return fail(http.StatusUnsupportedMediaType, httpapi.InvalidArgument, dps.CodeInvalid, "Content-Type: want %s in UTF-8", media[0])
	}
	return nil
}

// decode reads the body into a zero struct of package plgd's kind. plgd's dialect is lenient, the other is not.
func (x *exchange) decode(into any) error {
	data, err := x.body(mediaJSON, mediaProtoJSON, mediaJSONPB, mediaOwn)
	if err != nil {
		return err
	}
	return plgd.Unmarshal(data, into, x.dialect.extended)
}
