package provisioning

import (
	"fmt"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/ingress/coapserver"
	"dps/shared/dps"
)

// defaultMaxAge is when a device may come again where nobody knows better, in seconds.
const defaultMaxAge = 5

// coapCode maps every code of an error to what the device understands by it (PROTOCOL §4). Only codes that it knows
// appear here: it takes 4.08, 4.09, 4.12, 4.22 and 4.29 for success. What is the service's own fault is transient: the
// device tries the same step again, and starts over after the third time.
func coapCode(c dps.Code) codes.Code {
	switch c {
	case dps.CodeInvalid:
		return codes.BadRequest
	case dps.CodeDenied, dps.CodeConflict:
		return codes.Forbidden
	case dps.CodeNotFound:
		return codes.NotFound
	case dps.CodeUnavailable, dps.CodeThrottled, dps.CodeInternal:
		return codes.ServiceUnavailable
	default:
		return codes.ServiceUnavailable
	}
}

// errorResponse is an error on the wire: a code, with 5.03 when to come again, and no payload.
func errorResponse(err error) coapserver.Response {
	e := dps.AsError(err)
	r := coapserver.Response{Code: coapCode(e.Code)}
	if r.Code == codes.ServiceUnavailable {
		r.MaxAge = maxAge(e.RetryAfter)
	}
	return r
}

// maxAge is d in whole seconds, rounded up.
func maxAge(d time.Duration) uint32 {
	const longest = time.Hour
	if d <= 0 {
		return defaultMaxAge
	}
	return uint32((min(d, longest) + time.Second - 1) / time.Second)
}

// formatCode writes a code as RFC 7252 §3 does: "2.05".
func formatCode(c codes.Code) string { return fmt.Sprintf("%d.%02d", c>>5, c&0x1f) }
