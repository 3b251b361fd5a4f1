package lambdahost

import (
	"bytes"
	"encoding/base64"
	"errors"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-lambda-go/events"
)

// maxBody bounds a response's body, in bytes: Lambda takes 6 MB of JSON, base64 makes a body a third longer.
const maxBody = 4 << 20

var errTooBig = errors.New("response is larger than a function's may be")

// response gathers what a handler writes.
type response struct {
	header http.Header
	sent   http.Header // as it was when the status was written
	status int
	body   bytes.Buffer
	tooBig bool
}

var _ http.ResponseWriter = (*response)(nil)

func newResponse() *response { return &response{header: make(http.Header)} }

// Header implements http.ResponseWriter.
func (r *response) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter: the first one counts; informational ones cannot be passed on.
func (r *response) WriteHeader(status int) {
	if r.status != 0 || status < http.StatusOK {
		return
	}
	r.status, r.sent = status, r.header.Clone()
}

// Write implements http.ResponseWriter. What exceeds the bound is answered as an error, not cut.
func (r *response) Write(p []byte) (int, error) {
	if r.status == 0 {
		if r.header.Get("Content-Type") == "" {
			r.header.Set("Content-Type", http.DetectContentType(p))
		}
		r.WriteHeader(http.StatusOK)
	}
	if r.body.Len()+len(p) > maxBody {
		r.tooBig = true
		return 0, errTooBig
	}
	return r.body.Write(p)
}

// event is the response as the gateway takes it: one value a header, cookies apart, bytes that are no text in base64.
func (r *response) event() events.APIGatewayV2HTTPResponse {
	if r.tooBig {
		return events.APIGatewayV2HTTPResponse{StatusCode: http.StatusInternalServerError}
	}
	r.WriteHeader(http.StatusOK) // where the handler wrote nothing at all
	e := events.APIGatewayV2HTTPResponse{StatusCode: r.status, Headers: make(map[string]string, len(r.sent))}
	for name, values := range r.sent {
		if name == "Set-Cookie" {
			e.Cookies = values
			continue
		}
		e.Headers[name] = strings.Join(values, ", ")
	}
	if body := r.body.Bytes(); utf8.Valid(body) && r.sent.Get("Content-Encoding") == "" {
		e.Body = string(body)
	} else {
		e.Body, e.IsBase64Encoded = base64.StdEncoding.EncodeToString(body), true
	}
	return e
}
