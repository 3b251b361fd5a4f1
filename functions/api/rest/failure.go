package rest

import (
	"errors"
	"net/http"
	"strconv"

	"dps/shared/dps"
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

// The gRPC codes in plgd's errors (google.golang.org/grpc/codes has them too; the API of a function needs no gRPC).
const (
	grpcInvalidArgument    = 3
	grpcNotFound           = 5
	grpcPermissionDenied   = 7
	grpcResourceExhausted  = 8
	grpcFailedPrecondition = 9
	grpcAborted            = 10
	grpcUnimplemented      = 12
	grpcInternal           = 13
	grpcUnavailable        = 14
	grpcUnauthenticated    = 16
)

var (
	errNoPath   = fail(http.StatusNotFound, grpcNotFound, dps.CodeNotFound, "nothing is served under this path")
	errNoMethod = fail(http.StatusMethodNotAllowed, grpcUnimplemented, dps.CodeInvalid, "this method is not served under this path; the Allow header names those that are")
)

// usual maps a code to its HTTP status and its gRPC code, as grpc-gateway pairs them.
func usual(code dps.Code) (status, grpc int) {
	switch code {
	case dps.CodeNotFound:
		return http.StatusNotFound, grpcNotFound
	case dps.CodeInvalid:
		return http.StatusBadRequest, grpcInvalidArgument
	case dps.CodeDenied:
		return http.StatusForbidden, grpcPermissionDenied
	case dps.CodeConflict:
		return http.StatusConflict, grpcAborted
	case dps.CodeUnavailable:
		return http.StatusServiceUnavailable, grpcUnavailable
	case dps.CodeThrottled:
		return http.StatusTooManyRequests, grpcResourceExhausted
	default:
		return http.StatusInternalServerError, grpcInternal
	}
}

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
	f.status, f.grpc = usual(e.Code)
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
