// Package httpapi has what the HTTP APIs that speak plgd's dialect share: the codes of their errors, and what each of their requests
// passes first.
package httpapi

import (
	"net/http"

	"dps/shared/dps"
)

// The gRPC codes in plgd's errors (google.golang.org/grpc/codes has them too; a function that serves HTTP needs no gRPC).
const (
	InvalidArgument    = 3
	NotFound           = 5
	PermissionDenied   = 7
	ResourceExhausted  = 8
	FailedPrecondition = 9
	Aborted            = 10
	Unimplemented      = 12
	Internal           = 13
	Unavailable        = 14
	Unauthenticated    = 16
)

// Usual maps a code to its HTTP status and its gRPC code, as grpc-gateway pairs them.
func Usual(code dps.Code) (status, grpc int) {
	switch code {
	case dps.CodeNotFound:
		return http.StatusNotFound, NotFound
	case dps.CodeInvalid:
		return http.StatusBadRequest, InvalidArgument
	case dps.CodeDenied:
		return http.StatusForbidden, PermissionDenied
	case dps.CodeConflict:
		return http.StatusConflict, Aborted
	case dps.CodeUnavailable:
		return http.StatusServiceUnavailable, Unavailable
	case dps.CodeThrottled:
		return http.StatusTooManyRequests, ResourceExhausted
	default:
		return http.StatusInternalServerError, Internal
	}
}
