package config

import (
	"strings"

	"dps/shared/dps"
)

// ReadFile gives the content that a property of the kind "file" stands for: a data URI's, PEM text as it is, or that of the
// file at the path, relative to the working folder, up to MaxFileSize. Errors: CodeInvalid, CodeNotFound, CodeUnavailable.
func ReadFile(value string) ([]byte, error) {
	switch {
	case value == "":
		return nil, dps.Errorf(dps.CodeInvalid, "no file is named")
	case strings.HasPrefix(value, "data:"):
		return dps.DecodeDataURI(value)
	case isPEM(value):
		return []byte(value), nil
	default:
		return readBounded(value)
	}
}

// isPEM tells whether a value is PEM text itself, as Helm values have it, and no path.
func isPEM(value string) bool { return strings.HasPrefix(strings.TrimSpace(value), "-----BEGIN ") }

func isURL(value string) bool {
	return strings.HasPrefix(value, "http://") || strings.HasPrefix(value, "https://")
}

// isElsewhere tells whether a secret is kept where this process may not look: in a secrets store, not a file.
func isElsewhere(ref dps.SecretRef) bool {
	return strings.HasPrefix(string(ref), "secret:") || strings.HasPrefix(string(ref), "arn:")
}
