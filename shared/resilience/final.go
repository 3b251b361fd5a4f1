package resilience

import (
	"errors"

	"dps/shared/dps"
)

// finalError marks a failure that trying again at once cannot mend.
type finalError struct{ error }

func (f finalError) Unwrap() error { return f.error }

// Final marks err: it counts against the breaker as it is, and is not tried again by the Do it comes from, such as an answer
// that makes no sense, or credentials that are refused. Do takes the mark off again.
func Final(err error) error {
	if err == nil {
		return nil
	}
	return finalError{err}
}

func isRepeatable(err error) bool {
	var f finalError
	return dps.IsTransient(err) && !errors.As(err, &f)
}

func withoutMark(err error) error {
	if f, ok := err.(finalError); ok { //nolint:errorlint // only the outermost mark is this package's to take off
		return f.error
	}
	return err
}
