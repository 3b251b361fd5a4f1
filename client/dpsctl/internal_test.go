package dpsctl

import (
	"bytes"
	"errors"
	"os"
	"strings"
	"testing"

	"dps/shared/apply"
	"dps/shared/dps"
)

func TestDiffInColours(t *testing.T) {
	d := differ{colors: true}
	d.change(apply.Change{Action: apply.ActionCreate, Kind: "group", ID: "a"})
	d.change(apply.Change{Action: apply.ActionUpdate, Kind: "group", ID: "b", Fields: []apply.Field{{Path: "x", Old: "1"}, {Path: "s", Secret: true, Old: "set"}}})
	d.change(apply.Change{Action: apply.ActionDelete, Kind: "group", ID: "c"})
	want := "\x1b[32m+ group a\x1b[0m\n\x1b[33m~ group b\x1b[0m\n      x: 1 → (not set)\n      s: (secret, removed)\n\x1b[31m- group c\x1b[0m\n"
	if got := d.text.String(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// TestColours: on a terminal alone, and there only where they are wanted.
func TestColours(t *testing.T) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if (Console{Out: f}).colors() || (Console{Out: new(bytes.Buffer)}).colors() {
		t.Error("colours where there is no terminal")
	}
	for want, env := range map[bool]map[string]string{true: {"TERM": "xterm"}, false: {"NO_COLOR": "1", "TERM": "xterm"}} {
		if got := (Console{Getenv: func(name string) string { return env[name] }}).wantsColors(); got != want {
			t.Errorf("%v: %t", env, got)
		}
	}
	if (Console{Getenv: func(name string) string { return map[string]string{"TERM": "dumb"}[name] }}).wantsColors() {
		t.Error("colours on a dumb terminal")
	}
}

// TestExitCodes: every code of an error has an exit code that the help text names.
func TestExitCodes(t *testing.T) {
	want := map[dps.Code]int{
		dps.CodeNotFound: ExitNotFound, dps.CodeInvalid: ExitUsage, dps.CodeDenied: ExitFailed, dps.CodeConflict: ExitConflict,
		dps.CodeUnavailable: ExitUnavailable, dps.CodeThrottled: ExitUnavailable, dps.CodeInternal: ExitFailed,
	}
	for _, code := range dps.Codes() {
		if got := exitCode(failure{dps.Errorf(code, "x")}); got != want[code] {
			t.Errorf("%s: exit code %d, want %d", code, got, want[code])
		}
	}
	if exitCode(nil) != ExitOK || exitCode(errors.New("of cobra")) != ExitUsage || exitCode(failure{errors.New("of a pipe")}) != ExitFailed {
		t.Error("errors of no code")
	}
}

// TestTable: pages are aligned with each other; what is far apart need not be.
func TestTable(t *testing.T) {
	var b bytes.Buffer
	table := newTable(&b, []string{"A", "B"})
	add := func(rows ...[]string) {
		if err := table.page(rows); err != nil {
			t.Fatal(err)
		}
	}
	add([]string{"ä", "x"})
	add([]string{"long", ""})
	if b.Len() > 0 {
		t.Errorf("written too early: %q", b.String())
	}
	for range maxHeldBack - 2 {
		add([]string{"y", "z\n"})
	}
	if want := "A      B\nä      x\nlong   -\ny      z?\n"; !strings.HasPrefix(b.String(), want) {
		t.Errorf("got %q, want %q", b.String()[:50], want)
	}
	b.Reset()
	add([]string{"longer", "x"})
	if err := table.end(); err != nil || b.String() != "longer   x\n" {
		t.Errorf("error %v, got %q", err, b.String())
	}
}

func TestSummary(t *testing.T) {
	if got, want := summary(apply.Result{Created: []string{"a"}, Deleted: []string{"b", "c"}}), "1 created, 0 updated, 2 deleted"; got != want {
		t.Errorf("got %s", got)
	}
}
