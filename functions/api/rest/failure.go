package rest

import (
	"errors"
	"net/http"
	"strconv"

	"dps/shared/dps"
	"dps/shared/httpapi"
)

// failure is an error with the status it is answered with, where that is not the usual one of its code.
type failure struct {
	err    *dps.Error
	status int
	grpc   int
	extra  map[string]any // further members of the problem (RFC 9457 §3.2)
}

// Error gives the error's text, for the log.
func (f *failure) Error() string { return f.err.Error() }

// Unwrap gives the error of the house.
func (f *failure) Unwrap() error { return f.err }

func fail(status, grpc int, code dps.Code, format string, args ...any) *failure {
	return &failure{err: dps.Errorf(code, format, args...), status: status, grpc: grpc}
}

var (
	errNoPath   = fail(http.StatusNotFound, httpapi.NotFound, dps.CodeNotFound, "nothing is served under this path")
	errNoMethod = fail(http.StatusMethodNotAllowed, httpapi.Unimplemented, dps.CodeInvalid, "this method is not served under this path; the Allow header names those that are")
)

// classify gives every error its status and codes.
func classify(err error) *failure {
	if f := (*failure)(nil); errors.As(err, &f) {
		return f
	}
	e := dps.AsError(err)
	if e.Code == dps.CodeInternal { // whatever it says is for the log
		e = dps.Wrap(dps.CodeInternal, err, "internal error")
	}
	f := &failure{err: e}
	f.status, f.grpc = httpapi.Usual(e.Code)
	return f
}

// refuse answers an error.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, d dialect, err error) {
	f := classify(err)
	if f.status >= http.StatusInternalServerError {
		a.Log.ErrorContext(r.Context(), "request failed", "method", r.Method, "path", r.URL.Path, "status", f.status, "error", err)
	}
	if f.status == http.StatusUnauthorized {
		w.Header().Set("WWW-Authenticate", "Bearer")
	}
	if f.status == http.StatusServiceUnavailable || f.status == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", strconv.Itoa(max(1, int(f.err.RetryAfter.Seconds()))))
	}
	if d.extended {
		writeProblem(w, r, f)
		return
	}
	writeStatus(w, r, f)
}
