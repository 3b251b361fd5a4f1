package telemetry

import (
	"regexp"
	"strings"
)

// What a secret looks like in any text, and how little of a text is looked at closely: only one that holds the hint.
var secretTexts = []struct {
	hint    string
	pattern *regexp.Regexp
	with    string
}{
	{"PRIVATE KEY", regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)`), Redacted},
	{"eyJ", regexp.MustCompile(`eyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]*`), Redacted},
	{"earer ", regexp.MustCompile(`([Bb]earer )[A-Za-z0-9._~+/=-]{16,}`), "${1}" + Redacted},
	{"Basic ", regexp.MustCompile(`(Basic )[A-Za-z0-9+/]{12,}={0,2}`), "${1}" + Redacted},
	{";base64,", regexp.MustCompile(`(data:[A-Za-z0-9/+.;=-]*;base64,)[A-Za-z0-9+/_=-]+`), "${1}" + Redacted},
	{"secret=", regexp.MustCompile(`([A-Za-z_]*secret=)[^&\s"']+`), "${1}" + Redacted},
	{"token=", regexp.MustCompile(`([A-Za-z_]*token=)[^&\s"']+`), "${1}" + Redacted},
	{"password=", regexp.MustCompile(`([A-Za-z_]*password=)[^&\s"']+`), "${1}" + Redacted},
}

// redactText takes out of s what looks like a secret; s itself where nothing does, which is what costs little.
func redactText(s string) string {
	for _, t := range secretTexts {
		if strings.Contains(s, t.hint) {
			s = t.pattern.ReplaceAllString(s, t.with)
		}
	}
	return s
}
