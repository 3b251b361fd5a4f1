package main

import (
	"os"
	"strings"
	"testing"

	"dps/shared/telemetry"
)

func TestTheTableIsInTheDocument(t *testing.T) {
	data, err := os.ReadFile("../../../docs/telemetry.md")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(data), begin+table()+end) {
		t.Error("docs/telemetry.md is stale: run 'make generate'")
	}
	for _, d := range telemetry.Definitions() {
		if !strings.Contains(table(), "`"+d.Name+"`") {
			t.Errorf("%s is not in the table", d.Name)
		}
	}
}

func TestADocumentWithoutMarkersIsLeftAlone(t *testing.T) {
	for _, text := range []string{"", begin, end + begin} {
		if out, err := replace([]byte(text), "x"); err == nil {
			t.Errorf("%q became %q", text, out)
		}
	}
	out, err := replace([]byte("a\n"+begin+"old\n"+end+"b\n"), "new\n")
	if err != nil || string(out) != "a\n"+begin+"new\n"+end+"b\n" {
		t.Errorf("%q, %v", out, err)
	}
}
