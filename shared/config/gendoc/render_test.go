package main

import (
	"os"
	"strings"
	"testing"

	"dps/shared/config"
)

// TestDocumentIsUpToDate compares the document in the repository with what the types say now.
func TestDocumentIsUpToDate(t *testing.T) {
	got, err := os.ReadFile("../../../docs/configuration.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(render(config.Properties())) {
		t.Error("docs/configuration.md is out of date: run go generate ./shared/config")
	}
}

func TestEveryPropertyIsExplained(t *testing.T) {
	document := string(render(config.Properties()))
	for _, p := range config.Properties() {
		if p.Meaning == "" {
			t.Errorf("%s has no doc tag", p.Path)
		}
		path := strings.Replace(p.Path, ".hubs[].", ".hub.", 1)
		if strings.Count(document, "| `"+path+"` |") != 1 {
			t.Errorf("%s does not stand in the document once", path)
		}
		if titleOf(p.Path) == "Other" {
			t.Errorf("%s has no section", p.Path)
		}
	}
}
