package dps

import (
	"strings"
	"unicode/utf8"
)

// Storable checks what every store checks before it writes a group: Validate, names that can be part of a key, and that no
// secret is in it, only references to secrets. Errors: CodeInvalid, naming the field.
func (g EnrollmentGroup) Storable() error {
	if err := g.Validate(); err != nil {
		return err
	}
	if err := CheckKey("owner", g.Owner); err != nil {
		return err
	}
	return checkReference("preSharedKey", g.PreSharedKey)
}

// Storable is EnrollmentGroup.Storable for a hub.
func (h Hub) Storable() error {
	if err := h.Validate(); err != nil {
		return err
	}
	if err := CheckKey("id", h.ID); err != nil {
		return err
	}
	if err := CheckKey("owner", h.Owner); err != nil {
		return err
	}
	if err := checkReference("authorization.provider.clientSecret", h.Authorization.Provider.ClientSecret); err != nil {
		return err
	}
	if err := checkReference("authorization.provider.http.tls.key", h.Authorization.Provider.HTTP.TLS.Key); err != nil {
		return err
	}
	return checkReference("certificateAuthority.grpc.tls.key", h.CertificateAuthority.TLS.Key)
}

// Storable checks that the result can be filed: under whom, and as what. Errors: CodeInvalid, naming the field.
func (r StepResult) Storable() error {
	if err := CheckKey("recordId", r.RecordID); err != nil {
		return err
	}
	if err := CheckKey("owner", r.Owner); err != nil {
		return err
	}
	if r.GroupID != "" {
		if err := CheckKey("groupId", r.GroupID); err != nil {
			return err
		}
	}
	return CheckKey("step", string(r.Step))
}

// Storable checks that the binding binds something to something. Errors: CodeInvalid, naming the field.
func (b DeviceBinding) Storable() error {
	if err := CheckKey("deviceId", b.DeviceID); err != nil {
		return err
	}
	return CheckKey("recordId", b.RecordID)
}

// Storable checks that the entry can be found again. Errors: CodeInvalid, naming the field.
func (e AuditEntry) Storable() error {
	if err := CheckKey("recordId", e.RecordID); err != nil {
		return err
	}
	if year := e.Time.UTC().Year(); year < 1 || year > 9999 {
		return Errorf(CodeInvalid, "time: year %d cannot be ordered, want 1 to 9999", year)
	}
	return nil
}

// CheckKey tells whether value can be part of a key in every store: 1 to MaxNameLength bytes of UTF-8, none of them zero,
// which separates the parts. Errors: CodeInvalid, naming the field.
func CheckKey(field, value string) error {
	switch {
	case value == "":
		return Errorf(CodeInvalid, "%s: must be set", field)
	case len(value) > MaxNameLength:
		return Errorf(CodeInvalid, "%s: has %d bytes, at most %d are allowed", field, len(value), MaxNameLength)
	case strings.ContainsRune(value, 0):
		return Errorf(CodeInvalid, "%s: %q holds a zero byte: remove it", field, value)
	case !utf8.ValidString(value): // JSON would store another value
		return Errorf(CodeInvalid, "%s: %q is not UTF-8", field, value)
	}
	return nil
}

func checkReference(field string, ref SecretRef) error {
	if ref.IsInline() {
		return Errorf(CodeInvalid, "%s: is the secret itself: store it with the secrets, and put its reference here", field)
	}
	return nil
}
