package dps_test

import (
	"strings"
	"testing"

	"dps/shared/dps"
)

func TestCheckKey(t *testing.T) {
	for value, want := range map[string]dps.Code{
		"owner": "", "ö": "", strings.Repeat("o", dps.MaxNameLength): "",
		"": dps.CodeInvalid, strings.Repeat("o", dps.MaxNameLength+1): dps.CodeInvalid, "a\x00b": dps.CodeInvalid, "a\xff": dps.CodeInvalid,
	} {
		err := dps.CheckKey("owner", value)
		if dps.CodeOf(err) != want || want != "" && !strings.Contains(err.Error(), "owner") {
			t.Errorf("%q gives %v, want code %q", value, err, want)
		}
	}
}

// TestSecretRefString: what may be a value by mistake does not print.
func TestSecretRefString(t *testing.T) {
	for _, shown := range []string{
		"", "secret:psk/98be12de", "/etc/dps/key.pem", "./key", "../secrets/key", "file:/run/secrets/key", "certs/key.pem", "key.pem",
		`C:\dps\key.pem`, "run/secrets/key", "arn:aws:secretsmanager:eu-central-1:123456789012:secret:dps/tls-AbCdEf",
	} {
		if got := dps.SecretRef(shown).String(); got != shown {
			t.Errorf("%q prints as %q", shown, got)
		}
	}
	for _, hidden := range []string{
		"hunter2", "hush hush", "file:hunter2", "secret:hush!", "data:;base64,aHVzaA==", "-----BEGIN PRIVATE KEY-----\nhush", "MHcCAQEEIBase64+/=", "/one\nline",
		"/" + strings.Repeat("x", 5000),
	} {
		if got := dps.SecretRef(hidden).String(); !strings.Contains(got, "REDACTED") || strings.Contains(got, hidden) {
			t.Errorf("%q prints as %q", hidden, got)
		}
	}
}
