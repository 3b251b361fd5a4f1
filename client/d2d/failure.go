package d2d

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	"dps/client/d2d/member"
	"dps/client/d2d/reach"
	"dps/shared/dps"
	"dps/shared/httpapi"
)

var (
	errNoPath   = fail(http.StatusNotFound, httpapi.NotFound, dps.CodeNotFound, "nothing is served under this path")
	errNoMethod = fail(http.StatusMethodNotAllowed, httpapi.Unimplemented, dps.CodeInvalid, "this method is not served under this path; the Allow header names those that are")
)

// failure is an error with the status that it is answered with.
type failure struct {
	err    *dps.Error
	status int
	grpc   int
	reason reach.Reason // why a device could not be reached; "": it is not about that
}

// Error gives the error's text, for the log.
func (f *failure) Error() string { return f.err.Error() }

// Unwrap gives the error of the house.
func (f *failure) Unwrap() error { return f.err }

func fail(status, grpc int, code dps.Code, format string, args ...any) *failure {
	return &failure{err: dps.Errorf(code, format, args...), status: status, grpc: grpc}
}

// classify gives every error its status and codes.
func classify(err error) *failure {
	if f := (*failure)(nil); errors.As(err, &f) {
		return f
	}
	f := &failure{err: dps.AsError(err), reason: reach.ReasonOf(err)}
	f.status, f.grpc = httpapi.Usual(f.err.Code)
	switch {
	case member.IsUnauthenticated(err):
		f.status, f.grpc = http.StatusUnauthorized, httpapi.Unauthenticated
	case member.IsPrecondition(err):
		f.status, f.grpc = http.StatusBadRequest, httpapi.FailedPrecondition // as grpc-gateway pairs them
	case f.reason == reach.ReasonBadAnswer:
		f.status = http.StatusBadGateway
	case f.err.Code == dps.CodeInternal: // whatever it says is for the log
		f.err = dps.Wrap(dps.CodeInternal, err, "internal error")
	}
	return f
}

// refuse answers an error.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, err error) {
	f, d := classify(err), dialectOf(r)
	if d == extended && f.grpc == httpapi.FailedPrecondition { // 400 is grpc-gateway's; the request is right, the time is not
		f.status = http.StatusConflict
	}
	if f.status >= http.StatusInternalServerError {
		a.Log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "status", f.status, "error", err)
	}
	switch f.status {
	case http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", "Bearer")
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(f.err.RetryAfter.Seconds()))))
	}
	if d == extended {
		send(w, r, f.status, mediaProblem, problemOf(f))
		return
	}
	send(w, r, f.status, mediaJSON, marshal(map[string]any{"code": f.grpc, "message": f.err.Message, "details": []string{}}))
}

// problemOf is the failure as RFC 9457 has it. The type is "about:blank": status, code and reason say it all.
func problemOf(f *failure) []byte {
	p := map[string]any{"type": "about:blank", "title": http.StatusText(f.status), "status": f.status, "detail": f.err.Message, "code": f.err.Code}
	if f.reason != "" {
		p["reason"] = f.reason
	}
	return marshal(p)
}

func marshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil { // no value of this package is such
		return []byte(`{"code":13,"message":"internal error","details":[]}` + "\n")
	}
	return append(data, '\n')
}
