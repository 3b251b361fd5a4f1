package dps

import (
	"errors"
	"fmt"
	"time"
)

// Code says what kind of failure happened. Codes are stable and append-only: they cross the border between ingress and
// functions, and older peers must understand them.
type Code string

// The codes, and what a caller may conclude from each.
const (
	CodeNotFound    Code = "not_found"   // the thing does not exist, or not for this owner
	CodeInvalid     Code = "invalid"     // the request is malformed; sending it again cannot help
	CodeDenied      Code = "denied"      // the request is understood and refused; sending it again cannot help
	CodeConflict    Code = "conflict"    // somebody else changed or holds the thing
	CodeUnavailable Code = "unavailable" // a dependency is slow or down; try again
	CodeThrottled   Code = "throttled"   // too much at once; try again after RetryAfter
	CodeInternal    Code = "internal"    // a defect or an answer that makes no sense; detail stays in the log
)

// Codes lists every code, so that tests can prove each is mapped at every border.
func Codes() []Code {
	return []Code{CodeNotFound, CodeInvalid, CodeDenied, CodeConflict, CodeUnavailable, CodeThrottled, CodeInternal}
}

// Error is the failure that travels between packages and over the function border. Message is written for an operator who
// reads a record or an API answer: it never holds a secret, a host name of the inside, or another owner's data. What else
// is known stays in this process, for its log.
type Error struct {
	Code       Code
	Message    string
	RetryAfter time.Duration // 0: no advice
	cause      error
	inner      bool // cause's text is not part of Message
}

// Errorf makes an Error. Where the format holds %w, that error's text becomes part of the message: use Wrap where it must
// stay inside.
func Errorf(code Code, format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{Code: code, Message: err.Error(), cause: errors.Unwrap(err)}
}

// Wrap makes an Error whose message is message alone; the cause is printed by Error, for the log, and crosses no border.
func Wrap(code Code, cause error, message string) *Error {
	return &Error{Code: code, Message: message, cause: cause, inner: cause != nil}
}

// Error gives message and inner cause, for the log of this process.
func (e *Error) Error() string {
	if e.inner {
		return e.Message + ": " + e.cause.Error()
	}
	return e.Message
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.cause }

// AsError finds the Error in err's chain. Any other error, a nil one excepted, comes back as CodeInternal with a message
// that gives nothing away.
func AsError(err error) *Error {
	if err == nil {
		return nil
	}
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	return Wrap(CodeInternal, err, "internal error")
}

// CodeOf gives the code of err: "" for nil, CodeInternal for an error of no known kind.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	return AsError(err).Code
}

// IsTransient tells whether trying the same thing again may help.
func IsTransient(err error) bool {
	c := CodeOf(err)
	return c == CodeUnavailable || c == CodeThrottled
}
