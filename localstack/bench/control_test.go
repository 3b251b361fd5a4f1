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

// ask has control do commands and gives its replies.
func ask(t *testing.T, commands ...command) []reply {
	t.Helper()
	var in, out bytes.Buffer
	for _, c := range commands {
		if err := json.NewEncoder(&in).Encode(c); err != nil {
			t.Fatal(err)
		}
	}
	if err := control(&in, &out); err != nil {
		t.Fatal(err)
	}
	var all []reply
	for d := json.NewDecoder(&out); d.More(); {
		var r reply
		if err := d.Decode(&r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	if len(all) != len(commands) {
		t.Fatalf("%d replies to %d commands", len(all), len(commands))
	}
	return all
}

func TestControlSamples(t *testing.T) {
	for _, r := range ask(t, command{Do: doSample}, command{Do: doCollect}) {
		s := r.Sample
		if r.Error != "" || s.CPU <= 0 || s.Allocations == 0 || s.Allocated == 0 || s.Goroutines < 1 {
			t.Errorf("reply %+v lacks something", r)
		}
		if runtime.GOOS == "linux" && (s.Resident <= 0 || s.Mapped <= 0 || s.Descriptors < 3) {
			t.Errorf("reply %+v lacks what Linux tells", r)
		}
	}
}

func TestDescriptorsAreCounted(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("no /proc: descriptors are not counted here")
	}
	before := descriptors()
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if got := descriptors(); got != before+1 {
		t.Errorf("%d descriptors, want %d", got, before+1)
	}
}

func TestControlProfiles(t *testing.T) {
	dir := t.TempDir()
	cpu, heap := filepath.Join(dir, "cpu"), filepath.Join(dir, "heap")
	for _, r := range ask(t, command{doStartProfile, cpu}, command{Do: doStopProfile}, command{doHeapProfile, heap}) {
		if r.Error != "" {
			t.Error(r.Error)
		}
	}
	for _, file := range []string{cpu, heap} {
		if info, err := os.Stat(file); err != nil || info.Size() == 0 {
			t.Errorf("%s: %v, or empty", file, err)
		}
	}
}

func TestControlRefuses(t *testing.T) {
	all := ask(t, command{Do: "dance"}, command{doStartProfile, filepath.Join(t.TempDir(), "none", "cpu")})
	for i, want := range []string{`command "dance" is unknown`, "no such file or directory"} {
		if !strings.Contains(all[i].Error, want) {
			t.Errorf("error %q, want %q", all[i].Error, want)
		}
	}
	if err := control(strings.NewReader("no JSON"), io.Discard); err == nil {
		t.Error("garbage is taken for a command")
	}
}

func TestRoleEndsWithItsInput(t *testing.T) {
	in, closing := io.Pipe()
	var out bytes.Buffer
	ended := make(chan error, 1)
	go func() {
		ended <- underControl(context.Background(), stdio{in: in, out: &out}, reply{Address: "here"}, func(ctx context.Context) error {
			<-ctx.Done()
			return nil
		})
	}()
	_ = closing.Close()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if want := `"address":"here"`; !strings.Contains(out.String(), want) {
		t.Errorf("first line %q lacks %s", out.String(), want)
	}
}

func TestRoleTellsWhyItEnds(t *testing.T) {
	failed := errors.New("out of luck")
	in, closing := io.Pipe()
	defer func() { _ = closing.Close() }()
	err := underControl(context.Background(), stdio{in: in, out: io.Discard}, reply{}, func(context.Context) error { return failed })
	if !errors.Is(err, failed) {
		t.Errorf("error %v, want %v", err, failed)
	}
}
