package dps

import (
	"context"
	"strings"
)

// SecretRef says where a secret is, never what it is: a file path, "secret:NAME" in the embedded secrets folder, or the ARN
// of a Secrets Manager secret. A configuration file may also hold the value itself as "data:…"; such a reference is stored
// through SecretWriter before anything else sees it, and prints redacted meanwhile.
type SecretRef string

// IsInline tells whether the reference is the value itself, as a data URI (RFC 2397).
func (r SecretRef) IsInline() bool { return strings.HasPrefix(string(r), "data:") }

// String gives the reference, redacted where it is the value itself.
func (r SecretRef) String() string {
	if r.IsInline() {
		return "data:REDACTED"
	}
	return string(r)
}

// GoString keeps %#v from printing an inline value.
func (r SecretRef) GoString() string { return `"` + r.String() + `"` }

// Secrets reads secrets.
type Secrets interface {
	// Secret gives the current value. Errors: CodeNotFound, CodeUnavailable; neither text holds a value.
	Secret(ctx context.Context, ref SecretRef) ([]byte, error)
}

// SecretWriter stores secrets.
type SecretWriter interface {
	// PutSecret stores value under name (letters, digits, '-', '_', '/', '.'), over an older one, and gives its reference.
	// Errors: CodeInvalid for a bad name or an empty value, CodeUnavailable.
	PutSecret(ctx context.Context, name string, value []byte) (SecretRef, error)
	// DeleteSecret forgets it; what is not there counts as forgotten. Errors: CodeUnavailable.
	DeleteSecret(ctx context.Context, ref SecretRef) error
}
