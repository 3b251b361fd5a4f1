package reach

import (
	"errors"
	"fmt"
	"strings"
	"unicode"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
)

// Reason says in a word why a device could not be reached.
type Reason string

// The reasons, with the code of the *dps.Error that carries each.
const (
	ReasonUnknown       Reason = "unknown"        // not_found: no device with this id has been discovered
	ReasonNoAnswer      Reason = "no answer"      // unavailable: it was discovered, and does not answer
	ReasonNoCredentials Reason = "no credentials" // invalid: we have none, or none of the kind that is needed
	ReasonNotOurs       Reason = "not ours"       // denied: it does not accept our credentials, or shows a certificate of another domain
	ReasonForbidden     Reason = "forbidden"      // denied: it knows us, and its access control entries do not allow this
	ReasonImpostor      Reason = "impostor"       // denied: it is not who it says it is
	ReasonOwned         Reason = "owned"          // conflict: it has an owner already
	ReasonRefused       Reason = "refused"        // invalid or not_found: it refuses this request
	ReasonBadAnswer     Reason = "bad answer"     // internal: its answer makes no sense, or is too large
	ReasonClosed        Reason = "closed"         // unavailable: this client is closed
)

// cause is the reason and what lies beneath, for logs.
type cause struct {
	reason Reason
	err    error
}

func (c *cause) Error() string {
	if c.err == nil {
		return string(c.reason)
	}
	return string(c.reason) + ": " + c.err.Error()
}

func (c *cause) Unwrap() error { return c.err }

// ReasonOf gives the reason of an error of this package; "": it has none.
func ReasonOf(err error) Reason {
	var c *cause
	if errors.As(err, &c) {
		return c.reason
	}
	return ""
}

// fail makes an error of the reason; inner is for the log alone.
func fail(r Reason, inner error, format string, args ...any) error {
	return dps.Wrap(codeOf(r), &cause{reason: r, err: inner}, fmt.Sprintf(format, args...))
}

func codeOf(r Reason) dps.Code {
	switch r {
	case ReasonUnknown:
		return dps.CodeNotFound
	case ReasonNoAnswer, ReasonClosed:
		return dps.CodeUnavailable
	case ReasonNotOurs, ReasonForbidden, ReasonImpostor:
		return dps.CodeDenied
	case ReasonOwned:
		return dps.CodeConflict
	case ReasonNoCredentials, ReasonRefused:
		return dps.CodeInvalid
	default:
		return dps.CodeInternal
	}
}

func unknown(id string) error {
	return fail(ReasonUnknown, nil, "device %s is unknown: nothing with this id has answered; discover it first, by multicast or by its address", clip(id))
}

// refusal turns a device's code into an error; nil: the code is a success.
func refusal(id, href string, code codes.Code) error {
	id, href = clip(id), clip(href)
	switch {
	case code>>5 == 2:
		return nil
	case code == codes.Unauthorized, code == codes.Forbidden:
		return fail(ReasonForbidden, codeError(code), "device %s knows us and does not allow this: its access control entries give us no such permission for %s", id, href)
	case code == codes.NotFound:
		return dps.Wrap(dps.CodeNotFound, &cause{reason: ReasonRefused, err: codeError(code)}, fmt.Sprintf("device %s has nothing at %s", id, href))
	case code == codes.ServiceUnavailable, code == codes.GatewayTimeout:
		return fail(ReasonNoAnswer, codeError(code), "device %s is busy: try again", id)
	case code>>5 == 4:
		return fail(ReasonRefused, codeError(code), "device %s refuses the request to %s with %s", id, href, dotted(code))
	default:
		return dps.Wrap(dps.CodeUnavailable, &cause{reason: ReasonRefused, err: codeError(code)}, fmt.Sprintf("device %s failed at %s with %s", id, href, dotted(code)))
	}
}

func codeError(c codes.Code) error { return errors.New(dotted(c)) }

// dotted writes a code as RFC 7252 does: 4.03.
func dotted(c codes.Code) string { return fmt.Sprintf("%d.%02d", c>>5, c&0x1f) }

// clip keeps what came from outside from flooding or forging a message: at most 100 printable bytes.
func clip(s string) string {
	const most = 100
	if len(s) > most {
		s = s[:most]
	}
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "?"))
}
