package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The whole program with small numbers: real processes, the real service, every phase.
func TestWholeRun(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	figures, cpu, mem := filepath.Join(dir, "figures.json"), filepath.Join(dir, "cpu"), filepath.Join(dir, "mem")
	var out, progress bytes.Buffer
	err := run(t.Context(), []string{
		"--flows", "20", "--rounds", "2", "--warmup", "10", "--devices", "30", "--concurrency", "4", "--idle", "20", "--soak", "40",
		"--json", figures, "--cpuprofile", cpu, "--memprofile", mem,
	}, stdio{in: strings.NewReader(""), out: &out, err: &progress})
	if err != nil {
		t.Fatalf("%v\n%s%s", err, progress.String(), out.String())
	}
	data, err := os.ReadFile(figures)
	if err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Rounds) != 2 || r.Soak == nil || r.Soak.Flows != 40 || r.Idle == nil || len(r.Goals) != 5 {
		t.Fatalf("figures are incomplete: %s", data)
	}
	for i, x := range r.Rounds {
		for _, s := range []turn{x.Floor, x.Ingress, x.Service, x.Traced} {
			if s.FlowsPerSecond <= 0 || s.P99 < s.P50 || s.P50 <= 0 || s.CPU <= 0 || s.Allocations <= 0 || s.Allocated <= 0 {
				t.Errorf("round %d has impossible figures: %+v", i+1, s)
			}
		}
	}
	if runtime.GOOS == "linux" && r.Soak.After.Descriptors == 0 {
		t.Error("descriptors were not counted")
	}
	for _, file := range []string{cpu, mem} {
		if info, err := os.Stat(file); err != nil || info.Size() == 0 {
			t.Errorf("profile %s: %v, or empty", filepath.Base(file), err)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "dps-bench-*")); left != nil {
		t.Errorf("the run's folder is left behind: %s", left)
	}
	for _, want := range []string{"warming up the floor: 10 flows\n", "round 2 of 2, service: "} {
		if !strings.Contains(progress.String(), want) {
			t.Errorf("progress lacks %q:\n%s", want, progress.String())
		}
	}
}

func TestInterruptedRunClearsUp(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	ctx, cancel := context.WithCancel(t.Context())
	var progress interrupting
	progress.after, progress.cancel = "processes", cancel // all of them run
	err := run(ctx, []string{"--devices", "20", "--soak", "0", "--idle", "0"}, stdio{in: strings.NewReader(""), out: io.Discard, err: &progress})
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "interrupted") {
		t.Errorf("error %v, want interrupted", err)
	}
	if left, _ := filepath.Glob(filepath.Join(dir, "*")); left != nil {
		t.Errorf("left behind: %s", left)
	}
}

// interrupting is a console at which somebody loses patience.
type interrupting struct {
	after  string
	cancel func()
}

// Write cancels once the words are written.
func (i *interrupting) Write(b []byte) (int, error) {
	if strings.Contains(string(b), i.after) {
		i.cancel()
	}
	return len(b), nil
}

func TestRoleIsRefused(t *testing.T) {
	err := run(t.Context(), []string{roleArgument, "juggler", t.TempDir()}, stdio{})
	if err == nil || !strings.Contains(err.Error(), "juggler") {
		t.Errorf("error %v, want the unknown role", err)
	}
}

func TestRoleThatCannotStartSaysWhy(t *testing.T) {
	dir := t.TempDir()
	if _, err := startProcess(t.Context(), dir, roleFloor); err == nil || !strings.Contains(err.Error(), "floor does not start") {
		t.Errorf("error %v, want one that names the role", err)
	}
	if err := logTail(dir); err == nil || !strings.Contains(err.Error(), "floor.log says: ") || !strings.Contains(err.Error(), "service.crt") {
		t.Errorf("log %v, want the missing file", err)
	}
}
