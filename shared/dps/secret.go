package dps

import (
	"context"
	"regexp"
	"strings"
)

// Bounds of secrets; Secrets Manager's own are no narrower.
const (
	MaxSecretSize = 64 << 10 // bytes of a value
	MaxSecretName = 200      // bytes of a name
)

// SecretScheme begins the reference of a secret that SecretWriter stored: "secret:NAME", the same in every store.
const SecretScheme = "secret:"

// SecretRef says where a secret is, never what it is: a file path, "secret:NAME" in the secrets store, or the ARN of a
// Secrets Manager secret. A configuration file may also hold the value itself as "data:…"; such a reference is stored
// through SecretWriter before anything else sees it, and prints redacted meanwhile.
type SecretRef string

// IsInline tells whether the reference is the value itself, as a data URI (RFC 2397).
func (r SecretRef) IsInline() bool { return strings.HasPrefix(string(r), "data:") }

// Inline decodes a reference that is the value itself. Errors: CodeInvalid, without the value.
func (r SecretRef) Inline() ([]byte, error) {
	value, err := DecodeDataURI(string(r))
	if err != nil {
		return nil, Errorf(CodeInvalid, "the secret itself is no data URI: want data:;base64,CONTENT")
	}
	if len(value) > MaxSecretSize {
		return nil, Errorf(CodeInvalid, "the secret has %d bytes, at most %d are allowed", len(value), MaxSecretSize)
	}
	return value, nil
}

// Name gives NAME of "secret:NAME"; ok is false where the reference is of another kind or the name is none.
func (r SecretRef) Name() (name string, ok bool) {
	name, ok = strings.CutPrefix(string(r), SecretScheme)
	return name, ok && CheckSecretName(name) == nil
}

// String gives the reference, redacted where it is, or may by mistake be, the value itself.
func (r SecretRef) String() string {
	switch _, named := r.Name(); {
	case r.IsInline():
		return "data:REDACTED"
	case named, r == "", len(r) <= maxShown && looksHarmless.MatchString(string(r)):
		return string(r)
	default: // a password where its path belongs: an error that names the file would tell it to the log
		return "REDACTED (it looks like no path: the secret itself?)"
	}
}

// GoString keeps %#v from printing an inline value.
func (r SecretRef) GoString() string { return `"` + r.String() + `"` }

// What a path or an ARN looks like: from a root, with a file's extension, or of several folders in small letters.
var looksHarmless = regexp.MustCompile(`^(arn:[A-Za-z0-9:/_+=.@-]+` +
	`|(file:)?([A-Za-z]:[\\/]|\.{0,2}/)[^\x00-\x1f]+` +
	`|(file:)?[A-Za-z0-9_.\\/ -]+\.[A-Za-z][A-Za-z0-9]{1,5}` +
	`|(file:)?[a-z0-9_.-]+(/[a-z0-9_.-]+)+)$`)

const maxShown = 4096 // bytes of a reference that is printed

// secretName is what both a file system and Secrets Manager take, and no way out of the folder.
var secretName = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`)

// CheckSecretName tells whether name can be a secret's: parts of letters, digits, '-', '_' and '.', joined by '/', at most
// MaxSecretName bytes. Errors: CodeInvalid; the text does not repeat the name, which may be a value by mistake.
func CheckSecretName(name string) error {
	if len(name) > MaxSecretName || !secretName.MatchString(name) {
		return Errorf(CodeInvalid, "this is no name of a secret: want 1 to %d letters, digits, '-', '_', '.', with '/' between parts", MaxSecretName)
	}
	return nil
}

// CheckSecretValue tells whether value can be stored. Errors: CodeInvalid.
func CheckSecretValue(name string, value []byte) error {
	if len(value) == 0 || len(value) > MaxSecretSize {
		return Errorf(CodeInvalid, "secret %s has %d bytes, want 1 to %d", name, len(value), MaxSecretSize)
	}
	return nil
}

// Secrets reads secrets.
type Secrets interface {
	// Secret gives the current value; the caller may change it. Errors: CodeNotFound, CodeInvalid for a reference or a value
	// out of bounds, CodeUnavailable; no text holds a value.
	Secret(ctx context.Context, ref SecretRef) ([]byte, error)
}

// SecretWriter stores secrets.
type SecretWriter interface {
	// PutSecret stores value (1 to MaxSecretSize bytes) under name (CheckSecretName), over an older one, and gives its
	// reference, "secret:NAME". Errors: CodeInvalid for a bad name or value, CodeUnavailable.
	PutSecret(ctx context.Context, name string, value []byte) (SecretRef, error)
	// DeleteSecret forgets what PutSecret stored; what is not there, or of another kind, counts as forgotten. Errors:
	// CodeUnavailable.
	DeleteSecret(ctx context.Context, ref SecretRef) error
}
