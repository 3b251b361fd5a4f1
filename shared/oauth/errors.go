package oauth

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"dps/shared/dps"
	"dps/shared/resilience"
)

// longestRetryAfter bounds what a server's Retry-After can ask for.
const longestRetryAfter = time.Minute

// errRefused marks a refusal of the client's credentials.
var errRefused = errors.New("credentials refused")

func isRefusal(err error) bool { return errors.Is(err, errRefused) }

// misconfigured is the error for what only an operator can mend: transient for the device, which must not be turned away for
// it, and not tried again at once.
func misconfigured(format string, args ...any) error {
	return resilience.Final(dps.Errorf(dps.CodeUnavailable, format, args...))
}

// unreachable is the error for an exchange that did not take place. The cause may name hosts, so it stays inside.
func unreachable(err error) error {
	var untrusted *tls.CertificateVerificationError
	var known *dps.Error
	switch {
	case errors.As(err, &untrusted):
		return resilience.Final(dps.Wrap(dps.CodeUnavailable, err, "the OAuth server's certificate is not trusted: check authorization.provider.http.tls.caPool"))
	case errors.As(err, &known):
		return dps.Wrap(dps.CodeUnavailable, err, "OAuth server: "+known.Message)
	case errors.Is(err, context.DeadlineExceeded), isTimeout(err):
		return dps.Wrap(dps.CodeUnavailable, err, "the OAuth server did not answer in time")
	default:
		return dps.Wrap(dps.CodeUnavailable, err, "the OAuth server cannot be reached")
	}
}

func isTimeout(err error) bool {
	var t interface{ Timeout() bool }
	return errors.As(err, &t) && t.Timeout()
}

// statusError is the error for an answer whose status is not 200.
func statusError(resp *http.Response, what, remedy string) error {
	switch s := resp.StatusCode; {
	case s == http.StatusTooManyRequests:
		e := dps.Errorf(dps.CodeThrottled, "the OAuth server answers %s with too many requests", what)
		e.RetryAfter = retryAfter(resp)
		return e
	case s >= http.StatusInternalServerError:
		e := dps.Errorf(dps.CodeUnavailable, "the OAuth server answers %s with HTTP status %d", what, s)
		e.RetryAfter = retryAfter(resp)
		return e
	case s >= http.StatusMultipleChoices && s < http.StatusBadRequest:
		return misconfigured("the OAuth server answers %s with a redirect, which is not followed: %s", what, remedy)
	default:
		return misconfigured("the OAuth server answers %s with HTTP status %d: %s", what, s, remedy)
	}
}

// retryAfter reads Retry-After in seconds (RFC 9110 §10.2.3); its other form, a date, is rare enough to be no advice.
func retryAfter(resp *http.Response) time.Duration {
	seconds, err := strconv.Atoi(resp.Header.Get("Retry-After"))
	if err != nil || seconds < 0 {
		return 0
	}
	return min(time.Duration(min(seconds, 3600))*time.Second, longestRetryAfter)
}

// quote writes a server's word so that it can stand in a message.
func quote(s string) string {
	const longest = 256
	if len(s) > longest {
		s = s[:longest] + "…"
	}
	return fmt.Sprintf("%q", s)
}
