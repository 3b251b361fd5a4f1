//go:build aws

package split_test

import (
	"strings"
	"testing"
	"time"

	"dps/localstack/collector"
	"dps/localstack/split"
)

// TestTheTraceCrossesLambda: what a function does, and whom it asks, is in the trace of the device's connection.
func TestTheTraceCrossesLambda(t *testing.T) {
	c, err := collector.Start(t.Context())
	must(t, err)
	defer c.Close()
	s := start(t, func(o *split.Options) { o.Collector = c.Address() })
	fleet(t, s, 2, 1, false)
	settle(t, s)
	want := map[string]string{ // span: what it is below
		"Lambda": "invoke sign", "function enroll": "invoke enroll", "function token": "invoke token", "function sign": "invoke sign",
		"OAuth server": "function token", "certificate authority": "function sign", "DynamoDB/GetItem": "function token", "Secrets Manager/GetSecretValue": "function token",
	}
	var missing string
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(200 * time.Millisecond) { // functions send at their leisure
		if missing = lacking(c.Spans(), want); missing == "" {
			return
		}
	}
	t.Errorf("missing %s; there are %s", missing, names(c.Spans()))
}

// lacking names the spans that are not in the trace of what they are to be below.
func lacking(spans []collector.Span, want map[string]string) string {
	byID := make(map[string]collector.Span)
	for _, s := range spans {
		byID[s.Trace+s.ID] = s
	}
	found := make(map[string]bool)
	for _, s := range spans {
		if above := byID[s.Trace+s.ParentID]; above.Name == want[s.Name] {
			found[s.Name] = true
		}
	}
	var missing []string
	for name := range want {
		if !found[name] {
			missing = append(missing, name)
		}
	}
	return strings.Join(missing, ", ")
}

func names(spans []collector.Span) string {
	seen := make(map[string]bool)
	var all []string
	for _, s := range spans {
		if n := s.Service + ": " + s.Name; !seen[n] {
			seen[n] = true
			all = append(all, n)
		}
	}
	return strings.Join(all, ", ")
}
