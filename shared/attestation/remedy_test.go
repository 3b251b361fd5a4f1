package attestation

import (
	"os"
	"regexp"
	"testing"
)

// TestEveryRuleHasItsAdvice: a rule that refuses a device says what it means and what to do.
func TestEveryRuleHasItsAdvice(t *testing.T) {
	source, err := os.ReadFile("refusal.go")
	if err != nil {
		t.Fatal(err)
	}
	rules := regexp.MustCompile(`(?m)^\tRule\w+ +Rule = "(\w+)"`).FindAllStringSubmatch(string(source), -1)
	if len(rules) < 20 || len(rules) != len(advice) {
		t.Errorf("%d rules, %d with advice", len(rules), len(advice))
	}
	for _, m := range rules {
		if a := Rule(m[1]).Advice(); len(a.Means) < 20 || len(a.Do) < 20 {
			t.Errorf("rule %s has the advice %+v", m[1], a)
		}
	}
	if Rule("none").Advice() != (Advice{}) {
		t.Error("what is no rule has advice")
	}
}
