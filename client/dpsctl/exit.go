package dpsctl

import (
	"errors"

	"dps/shared/dps"
)

// The exit codes.
const (
	ExitOK          = 0
	ExitFailed      = 1 // anything not named below
	ExitUsage       = 2 // flags, arguments or a file are wrong
	ExitNotFound    = 3 // what was named does not exist
	ExitConflict    = 4 // somebody else holds or changed it, or the operator declined
	ExitUnavailable = 5 // a store cannot be reached now: trying again may help
)

const exitHelp = `Exit codes:
  0  done
  1  failed
  2  flags, arguments or a file are wrong
  3  what was named does not exist
  4  conflict: somebody else holds or changed it, or the changes were declined
  5  the store cannot be reached now: trying again may help`

// failure is an error of a command at work, as opposed to one in how it was called.
type failure struct{ error }

func (f failure) Unwrap() error { return f.error }

// exitCode says what an error means to a script.
func exitCode(err error) int {
	var f failure
	if err != nil && !errors.As(err, &f) {
		return ExitUsage // cobra's own
	}
	switch dps.CodeOf(err) {
	case "":
		return ExitOK
	case dps.CodeInvalid:
		return ExitUsage
	case dps.CodeNotFound:
		return ExitNotFound
	case dps.CodeConflict:
		return ExitConflict
	case dps.CodeUnavailable, dps.CodeThrottled:
		return ExitUnavailable
	default:
		return ExitFailed
	}
}
