package oauth

import (
	"log/slog"
	"time"
)

// Token is an access token. It prints and logs without its value.
type Token struct {
	Value  string
	Expiry time.Time // zero: the server named none
}

const redacted = "Token(REDACTED)"

// String hides the value.
func (Token) String() string { return redacted }

// GoString hides the value from %#v.
func (Token) GoString() string { return redacted }

// LogValue hides the value from logs.
func (Token) LogValue() slog.Value { return slog.StringValue(redacted) }
