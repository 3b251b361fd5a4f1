package main

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The table is there even where what it shows is refused. One function is enough: the race detector makes packing slow.
func TestTableAndLimit(t *testing.T) {
	var out bytes.Buffer
	err := run(t.Context(), []string{"--runs", "2", "--limit", "1ns", "token"}, &out, io.Discard)
	if strings.Contains(out.String(), "enroll") {
		t.Errorf("a function that was not named:\n%s", out.String())
	}
	for _, name := range []string{"token"} {
		if !regexp.MustCompile(`(?m)^ +` + name + `( +\d+\.\d){2}( +\d+\.\d ms){2}$`).MatchString(out.String()) {
			t.Errorf("no line for %s:\n%s", name, out.String())
		}
		if err == nil || !strings.Contains(err.Error(), name+" takes ") {
			t.Errorf("error %v does not name %s", err, name)
		}
	}
}

func TestBadFlags(t *testing.T) {
	for _, args := range [][]string{{"--runs", "0"}, {"--runs", "1000"}, {"--nothing"}, {"nothing"}} {
		if err := run(t.Context(), args, io.Discard, io.Discard); err == nil {
			t.Errorf("%v was taken", args)
		}
	}
}

func TestWeigh(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, make([]byte, 1<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	plain, zipped, err := weigh(path)
	if err != nil || plain != 1<<20 || zipped < 100 || zipped > 10<<10 {
		t.Errorf("%d bytes, %d zipped, %v", plain, zipped, err)
	}
	if shown(0) != "–" || shown(1500*time.Microsecond) != "1.5 ms" {
		t.Errorf("%s %s", shown(0), shown(1500*time.Microsecond))
	}
}
