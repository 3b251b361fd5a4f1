package dpsctl_test

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"dps/client/dpsctl"
	"dps/shared/dps"
	"dps/shared/store/bolt"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write the golden files anew")

const (
	groupID = "98be12de-3991-4567-aeea-edd9a656e6df"
	hubID   = "5cc8dede-f89f-51e0-98e9-2ef3f717366e" // of the entry: made of the group's and the hub's id
)

// tool runs dpsctl in a folder of its own, which holds groups.yaml.
type tool struct {
	*testing.T
	in  io.Reader
	env map[string]string
}

// outcome is how a run ended.
type outcome struct {
	code     int
	out, err string
}

func newTool(t *testing.T) *tool {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "groups.yaml"), []byte(read(t, "testdata/groups.yaml")), 0o600); err != nil {
		t.Fatal(err)
	}
	golden, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("GOLDEN", golden)
	t.Chdir(dir)
	return &tool{T: t, in: strings.NewReader("")}
}

func (t *tool) run(args ...string) outcome {
	t.Helper()
	var out, errs bytes.Buffer
	code := dpsctl.Main(t.Context(), args, dpsctl.Console{In: t.in, Out: &out, Err: &errs, Getenv: func(name string) string { return t.env[name] }})
	return outcome{code, out.String(), errs.String()}
}

// ok runs what must succeed, and gives what it printed.
func (t *tool) ok(args ...string) string {
	t.Helper()
	r := t.run(args...)
	if r.code != dpsctl.ExitOK {
		t.Fatalf("dpsctl %s: exit code %d: %s", strings.Join(args, " "), r.code, r.err)
	}
	return r.out
}

// fails runs what must fail with the code, naming all parts.
func (t *tool) fails(code int, parts []string, args ...string) {
	t.Helper()
	r := t.run(args...)
	if r.code != code {
		t.Errorf("dpsctl %s: exit code %d, want %d: %s", strings.Join(args, " "), r.code, code, r.err)
	}
	for _, part := range parts {
		if !strings.Contains(r.err, part) {
			t.Errorf("dpsctl %s: %q is not in the error: %s", strings.Join(args, " "), part, r.err)
		}
	}
}

// answers gives what the operator types.
func (t *tool) answers(text string) { t.in = strings.NewReader(text) }

// edit replaces text in a file.
func (t *tool) edit(file string, oldnew ...string) {
	t.Helper()
	text := read(t.T, file)
	for i := 0; i < len(oldnew); i += 2 {
		if !strings.Contains(text, oldnew[i]) {
			t.Fatalf("%s has no %q", file, oldnew[i])
		}
	}
	t.put(file, strings.NewReplacer(oldnew...).Replace(text))
}

func (t *tool) put(file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// golden compares got with a file of testdata.
func (t *tool) golden(file, got string) {
	t.Helper()
	path := filepath.Join(os.Getenv("GOLDEN"), file)
	if *update {
		t.put(path, got)
	}
	if want := read(t.T, path); got != want {
		t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
	}
}

// inStore opens dps.db, and closes it again.
func (t *tool) inStore(do func(dps.Store)) {
	t.Helper()
	s, err := bolt.Open("dps.db")
	if err != nil {
		t.Fatal(err)
	}
	do(s)
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// generation is a number that every write of a group or hub raises.
func (t *tool) generation() (n uint64) {
	t.Helper()
	t.inStore(func(s dps.Store) {
		var err error
		if n, err = s.Generation(t.Context()); err != nil {
			t.Error(err)
		}
	})
	return n
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
