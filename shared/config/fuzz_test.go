package config

import (
	"strings"
	"testing"

	"dps/shared/dps"
)

// FuzzParse proves that no file makes parsing panic, that a refusal is always CodeInvalid, and that what is accepted can be
// printed and is still accepted then.
func FuzzParse(f *testing.F) {
	for _, file := range []string{minimal, full} {
		f.Add([]byte(read(f, file)))
	}
	for _, seed := range []string{"", "log: &a {stacktrace: *a}", "apis: {coap: {protocols: [udp]}}", "clients: {storage: {use: dynamoDB}}",
		"enrollmentGroups: [{hub: {}, hubs: [{gateways: [a]}]}]", "taskQueue: {maxIdleTime: 0}", "? [a]\n: b", "!!binary x: y", "%YAML 1.1\n---\nlog: {}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse(data)
		if err != nil {
			if dps.CodeOf(err) != dps.CodeInvalid {
				t.Fatalf("code %s: %v", dps.CodeOf(err), err)
			}
			return
		}
		_ = c.Notes()
		printed := c.YAML()
		if strings.Contains(string(printed), redacted) {
			return // a redacted secret is no secret
		}
		if _, err := Parse(printed); err != nil {
			t.Fatalf("what was printed is refused: %v\n%s", err, printed)
		}
	})
}
