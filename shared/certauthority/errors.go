package certauthority

import (
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"dps/shared/dps"
	"dps/shared/resilience"
)

// ErrTokenRefused is in the chain of the error where the authority does not accept the token.
var ErrTokenRefused = errors.New("token refused")

// errTLS marks a failure to agree on TLS.
var errTLS = errors.New("no agreement on TLS")

func isTLS(err error) bool { return errors.Is(err, errTLS) }

// translate maps gRPC's codes to ours. The authority's own words may name hosts, so they stay inside; what only an
// operator can mend is not tried again at once.
func translate(err error) error {
	s := status.Convert(err)
	switch s.Code() {
	case codes.InvalidArgument:
		return dps.Wrap(dps.CodeInvalid, err, "the certificate authority calls the certificate signing request invalid")
	case codes.ResourceExhausted:
		return dps.Wrap(dps.CodeThrottled, err, "the certificate authority has too much to do, or its answer is too long")
	case codes.Unauthenticated:
		return refused(err, "the certificate authority does not accept the access token: check that it trusts authorization.provider.authority and knows ownerClaim")
	case codes.PermissionDenied:
		return refused(err, "the certificate authority does not let the access token's owner, or the client certificate, have certificates signed: check its configuration")
	case codes.Unimplemented:
		return final(err, "certificateAuthority.grpc.address is not a certificate authority")
	case codes.DeadlineExceeded, codes.Canceled:
		return dps.Wrap(dps.CodeUnavailable, err, "the certificate authority did not answer in time")
	case codes.Unavailable:
		return unreachable(err, s.Message())
	default:
		return dps.Wrap(dps.CodeUnavailable, err, fmt.Sprintf("the certificate authority failed (%s)", s.Code()))
	}
}

// unreachable tells a network that is down from two sides who do not trust each other. gRPC knows that only in words; and
// under TLS 1.3 a server that refuses the client's certificate may just hang up, for all that the client sees.
func unreachable(err error, words string) error {
	has := func(word string) bool { return strings.Contains(words, word) }
	switch {
	case has("tls: "), has("x509: "):
		return final(fmt.Errorf("%w: %w", errTLS, err), "the certificate authority and this service do not agree on TLS: check caPool, cert and key in certificateAuthority.grpc.tls, and what clients the authority accepts")
	case has("broken pipe"), has("connection reset"), has("EOF"):
		return dps.Wrap(dps.CodeUnavailable, err, "the certificate authority hangs up: it is restarting, or does not accept the client certificate in certificateAuthority.grpc.tls")
	default:
		return dps.Wrap(dps.CodeUnavailable, err, "the certificate authority cannot be reached")
	}
}

func refused(err error, message string) error {
	return final(fmt.Errorf("%w: %w", ErrTokenRefused, err), message)
}

func final(err error, message string) error {
	return resilience.Final(dps.Wrap(dps.CodeUnavailable, err, message))
}
