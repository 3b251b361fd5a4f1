package device

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
)

// Reason says which rule was broken, in words that can be counted over many devices.
type Reason string

// The reasons. Those from ReasonTinyMessage to ReasonMalformed are limits of the real device (PROTOCOL §2).
const (
	ReasonConnect           Reason = "cannot connect"
	ReasonRefused           Reason = "refused with a TLS alert"
	ReasonHandshake         Reason = "handshake failed"
	ReasonServerCertificate Reason = "server certificate is not trusted"
	ReasonClosed            Reason = "connection closed by the server"
	ReasonTimeout           Reason = "no answer in time"
	ReasonUnavailable       Reason = "service is unavailable"
	ReasonCode              Reason = "refused with an error code"
	ReasonUnmappedCode      Reason = "code that the device takes for success"
	ReasonWrongCode         Reason = "wrong success code"
	ReasonTinyMessage       Reason = "message under 6 bytes"
	ReasonSecondMessage     Reason = "second message in one TLS record"
	ReasonTooLarge          Reason = "message is too large"
	ReasonBlock             Reason = "block-wise option over TCP"
	ReasonContentFormat     Reason = "content format is not 10000"
	ReasonCriticalOption    Reason = "unknown critical option"
	ReasonToken             Reason = "token does not match"
	ReasonMalformed         Reason = "malformed message"
	ReasonBody              Reason = "unusable body"
	ReasonUnknownKey        Reason = "unknown key in body"
	ReasonIdentity          Reason = "identity certificate is not usable"
	ReasonRedirects         Reason = "too many redirects"
)

// Error is why a step failed. A transient one makes the device try the step again, any other one makes it start over
// (PROTOCOL §4).
type Error struct {
	Step       Step
	Reason     Reason
	Detail     string        // what was received and what was expected; no secret, nothing longer than a line
	Code       codes.Code    // of the answer; 0 where there was none
	Transient  bool          // 5.03, 5.04 or a timeout
	RetryAfter time.Duration // Max-Age of a transient answer; 0: none
	cause      error
}

// Error gives step, kind, reason and detail in one line.
func (e *Error) Error() string {
	kind := "permanent"
	if e.Transient {
		kind = "transient"
	}
	text := fmt.Sprintf("%s: %s (%s)", e.Step, e.Reason, kind)
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

// Unwrap gives the *dps.Error that callers outside this package know, and through it the cause.
func (e *Error) Unwrap() error { return dps.Wrap(e.dpsCode(), e.cause, string(e.Reason)) }

func (e *Error) dpsCode() dps.Code {
	switch {
	case e.Transient:
		return dps.CodeUnavailable
	case e.Reason == ReasonRefused, e.Reason == ReasonCode, e.Reason == ReasonServerCertificate:
		return dps.CodeDenied
	case e.Reason == ReasonConnect, e.Reason == ReasonClosed:
		return dps.CodeUnavailable
	default:
		return dps.CodeInvalid
	}
}

// fault is a broken rule, before it is known in which step.
type fault struct {
	reason Reason
	detail string
	cause  error
}

func (f *fault) Error() string { return string(f.reason) + ": " + f.detail }
func (f *fault) Unwrap() error { return f.cause }

func faultf(r Reason, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	return &fault{reason: r, detail: clip(err.Error()), cause: errors.Unwrap(err)}
}

// stepError names the step of a fault; what is no fault is a closed connection, for nothing else is left to go wrong.
func stepError(step Step, err error) *Error {
	var e *Error
	if errors.As(err, &e) {
		return e
	}
	var f *fault
	if !errors.As(err, &f) {
		f = &fault{reason: ReasonClosed, detail: clip(err.Error()), cause: err}
	}
	return &Error{Step: step, Reason: f.reason, Detail: f.detail, Transient: f.reason == ReasonTimeout, cause: f.cause}
}

// clip keeps what a peer sent from flooding or forging a report: one printable line of at most maxDetail bytes.
func clip(s string) string {
	const maxDetail = 300
	if len(s) > maxDetail {
		s = s[:maxDetail] + "…"
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
