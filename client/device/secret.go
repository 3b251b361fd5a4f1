package device

import (
	"fmt"
	"log/slog"
)

// Secret is a token or key that prints redacted in every way of printing; Reveal alone gives it away.
type Secret string

// Reveal gives the value.
func (s Secret) Reveal() string { return string(s) }

// String tells the length alone.
func (s Secret) String() string {
	if s == "" {
		return "none"
	}
	return fmt.Sprintf("REDACTED (%d bytes)", len(s))
}

// GoString keeps %#v from printing the value.
func (s Secret) GoString() string { return s.String() }

// MarshalText keeps JSON from holding the value.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue keeps a log from holding the value.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
