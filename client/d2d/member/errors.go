package member

import (
	"errors"

	"dps/shared/dps"
)

var (
	errPrecondition    = errors.New("precondition")
	errUnauthenticated = errors.New("unauthenticated")
)

// IsPrecondition tells whether an error says that the client is in the wrong state for a request: FAILED_PRECONDITION for
// plgd's clients. Its code is CodeConflict.
func IsPrecondition(err error) bool { return errors.Is(err, errPrecondition) }

// IsUnauthenticated tells whether an error says that there is no token, or none that counts. Its code is CodeDenied.
func IsUnauthenticated(err error) bool { return errors.Is(err, errUnauthenticated) }

func precondition(message string) error { return dps.Wrap(dps.CodeConflict, errPrecondition, message) }

// unauthenticated keeps an error of shared/bearer, and says what it is about. What is unavailable stays so.
func unauthenticated(err error) error {
	if dps.CodeOf(err) != dps.CodeDenied {
		return err
	}
	return dps.Wrap(dps.CodeDenied, errUnauthenticated, dps.AsError(err).Message)
}

func wrongOwner() error {
	return dps.Wrap(dps.CodeDenied, errUnauthenticated, "the token is of another owner or user than this client's: log in as the one who initialized it, or reset the client")
}
