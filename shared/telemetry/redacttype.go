package telemetry

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"
	"encoding"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"reflect"

	"dps/shared/dps"
)

// maxTypeDepth bounds how deep a type is looked into; what is deeper counts as holding a secret.
const maxTypeDepth = 5

// secretTypes are secrets by their type.
var secretTypes = []reflect.Type{
	reflect.TypeFor[ecdsa.PrivateKey](), reflect.TypeFor[rsa.PrivateKey](), reflect.TypeFor[ed25519.PrivateKey](),
	reflect.TypeFor[ecdh.PrivateKey](), reflect.TypeFor[tls.Certificate](), reflect.TypeFor[http.Header](), reflect.TypeFor[url.Userinfo](),
	reflect.TypeFor[http.Request](), reflect.TypeFor[http.Cookie](), reflect.TypeFor[dps.SecretRef](),
}

// redactAny gives what may be written of a value of any type. What can say itself what it is (an error, a Stringer) says so,
// and is looked at as text; of anything else the type must not hold a secret.
func redactAny(v any) slog.Value {
	switch v := v.(type) {
	case dps.SecretRef:
		return slog.StringValue(v.String()) // JSON would print an inline one as it is
	case *url.URL:
		return slog.StringValue(redactText(v.Redacted()))
	}
	if isSecretType(reflect.TypeOf(v), 0) {
		return slog.StringValue(Redacted)
	}
	switch v := v.(type) {
	case error:
		return redactError(v)
	case fmt.Stringer:
		if text := safely(v.String); redactText(text) != text {
			return slog.StringValue(Redacted)
		}
	case encoding.TextMarshaler:
		if text, err := v.MarshalText(); err == nil && redactText(string(text)) != string(text) {
			return slog.StringValue(Redacted)
		}
	case []byte:
		return slog.StringValue(fmt.Sprintf("%d bytes", len(v))) // a body, a key: nobody can tell
	}
	return slog.AnyValue(redactStrings(v))
}

// redactError keeps the error as it is where its text may be written.
func redactError(err error) slog.Value {
	text := safely(err.Error)
	if clean := redactText(text); clean != text {
		return slog.StringValue(clean)
	}
	return slog.AnyValue(err)
}

// redactStrings looks into the lists and maps of texts that are logged now and then.
func redactStrings(v any) any {
	switch v := v.(type) {
	case []string:
		out := make([]string, len(v))
		for i, s := range v {
			out[i] = redactText(s)
		}
		return out
	case map[string]string:
		out := make(map[string]string, len(v))
		for k, s := range v {
			if out[k] = redactText(s); namesSecret(k) {
				out[k] = Redacted
			}
		}
		return out
	}
	return v
}

// safely calls a method that may panic on a nil receiver, as slog does.
func safely(f func() string) (s string) {
	defer func() {
		if recover() != nil {
			s = "!PANIC"
		}
	}()
	return f()
}

// isSecretType tells whether values of the type are secrets or have a place for one: a type of the list, or a struct with a
// field whose name is that of a secret. A struct with a LogValue of its own never comes here: slog has asked it before.
func isSecretType(t reflect.Type, depth int) bool {
	if t == nil {
		return false
	}
	for _, s := range secretTypes {
		if t == s {
			return true
		}
	}
	if depth > maxTypeDepth {
		return true
	}
	if depth == 0 && t.Implements(reflect.TypeFor[error]()) {
		return false // errors of this house hold no secrets, and their fields are not printed
	}
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return isSecretType(t.Elem(), depth+1)
	case reflect.Map:
		return isSecretType(t.Elem(), depth+1) || isSecretType(t.Key(), depth+1)
	case reflect.Struct:
		return holdsSecret(t, depth)
	}
	return false
}

// holdsSecret looks at the fields that a logger would print: exported ones.
func holdsSecret(t reflect.Type, depth int) bool {
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.IsExported() && !f.Anonymous {
			continue
		}
		if k := f.Type.Kind(); namesSecret(f.Name) && k != reflect.Bool && k != reflect.Int && k != reflect.Int64 {
			return true
		}
		if isSecretType(f.Type, depth+1) {
			return true
		}
	}
	return false
}
