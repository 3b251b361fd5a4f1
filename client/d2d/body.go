package d2d

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"slices"
	"unicode/utf8"

	"dps/shared/dps"
	"dps/shared/httpapi"
)

// body reads the request's body, which may be empty. A body must say that it is JSON: a form of another site's page cannot. Errors: 415
// for another media type, 413 for a body that is too large.
func body(r *http.Request) ([]byte, error) {
	data, err := io.ReadAll(r.Body)
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return nil, fail(http.StatusRequestEntityTooLarge, httpapi.InvalidArgument, dps.CodeInvalid, "body: has more than %d bytes", MaxBody)
	}
	if err != nil {
		return nil, dps.Wrap(dps.CodeInvalid, err, "body: broke off")
	}
	if len(data) == 0 {
		return nil, nil
	}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || !slices.Contains([]string{mediaJSON, mediaProtoJSON, mediaOwn}, media) || charset != "" && charset != "utf-8" && charset != "UTF-8" ||
		r.Header.Get("Content-Encoding") != "" {
		return nil, fail(http.StatusUnsupportedMediaType, httpapi.InvalidArgument, dps.CodeInvalid, "Content-Type: want %s in UTF-8, as it is", mediaJSON)
	}
	if !utf8.Valid(data) {
		return nil, dps.Errorf(dps.CodeInvalid, "body: is not UTF-8")
	}
	return data, nil
}

// decode reads the body into a struct; an empty one is an empty object. plgd's dialects ignore what they do not know. Errors never
// repeat a value: it may be a key.
func decode(r *http.Request, into any) error {
	data, err := body(r)
	if err != nil || len(data) == 0 {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	if dialectOf(r) == extended {
		d.DisallowUnknownFields()
	}
	if err := d.Decode(into); err != nil {
		return explain(err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return dps.Errorf(dps.CodeInvalid, "body: something stands behind the object")
	}
	return nil
}

func explain(err error) error {
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		field := wrong.Field
		if field == "" {
			field = "body"
		}
		return dps.Errorf(dps.CodeInvalid, "%s: is of another type, %s", field, wrong.Value)
	}
	if syntax := (*json.SyntaxError)(nil); errors.As(err, &syntax) || errors.Is(err, io.ErrUnexpectedEOF) {
		return dps.Errorf(dps.CodeInvalid, "body: is not JSON")
	}
	return dps.Errorf(dps.CodeInvalid, "body: has a field that is not known here, or a value that cannot be read")
}
