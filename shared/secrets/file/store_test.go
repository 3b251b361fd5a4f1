package file_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"dps/shared/dps"
	"dps/shared/secrets/conformance"
	"dps/shared/secrets/file"
)

func TestConformance(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "secrets")
	conformance.Run(t, func(*testing.T) conformance.Store { return file.New(dir) })
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".tmp") {
			t.Errorf("%s was left behind", e.Name())
		}
	}
}

func TestPaths(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "key.pem")
	must(t, os.WriteFile(path, []byte("value\n"), 0o600))
	must(t, os.Symlink(path, filepath.Join(dir, "link.pem"))) // as Kubernetes mounts secrets
	must(t, os.WriteFile(filepath.Join(dir, "large.pem"), make([]byte, dps.MaxSecretSize+1), 0o600))
	must(t, syscall.Mkfifo(filepath.Join(dir, "pipe.pem"), 0o600))
	for ref, want := range map[string]dps.Code{
		path: "", "file:" + path: "", filepath.Join(dir, "link.pem"): "",
		filepath.Join(dir, "none.pem"):               dps.CodeNotFound,
		filepath.Join(path, "below.pem"):             dps.CodeNotFound,
		dir + "/":                                    dps.CodeInvalid,
		filepath.Join(dir, "pipe.pem"):               dps.CodeInvalid,
		filepath.Join(dir, "large.pem"):              dps.CodeInvalid,
		"/" + strings.Repeat("x", 300):               dps.CodeInvalid,
		filepath.Join(dir, "a\x00b.pem"):             dps.CodeInvalid,
		"secret:" + filepath.Join("..", "..", "etc"): dps.CodeInvalid,
	} {
		value, err := file.New(dir).Secret(t.Context(), dps.SecretRef(ref))
		if dps.CodeOf(err) != want || want == "" && string(value) != "value\n" {
			t.Errorf("%q gives %q, %v; want code %q", ref, value, err, want)
		}
	}
	if _, err := file.New(dir).Secret(t.Context(), dps.SecretRef(filepath.Join(dir, "none.pem"))); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("%v does not name the path", err)
	}
}

func TestOnlyTheOwnerMayRead(t *testing.T) {
	parent := t.TempDir()
	wide := filepath.Join(parent, "wide")
	must(t, os.Mkdir(wide, 0o755))
	for _, dir := range []string{wide, filepath.Join(parent, "deep", "new")} {
		if _, err := file.New(dir).PutSecret(t.Context(), "a/b", []byte("value")); err != nil {
			t.Fatal(err)
		}
		for path, want := range map[string]os.FileMode{dir: 0o700, filepath.Join(dir, "a+b"): 0o600} {
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
				t.Errorf("%s: %v %v, want %v", path, info, err, want)
			}
		}
	}
}

func TestAFullOrMissingDiskIsUnavailable(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	must(t, os.WriteFile(blocked, nil, 0o600))
	s := file.New(filepath.Join(blocked, "secrets"))
	if _, err := s.PutSecret(t.Context(), "name", []byte("value")); dps.CodeOf(err) != dps.CodeUnavailable || strings.Contains(err.Error(), "value") {
		t.Errorf("%v, want %s", err, dps.CodeUnavailable)
	}
	if err := s.DeleteSecret(t.Context(), "secret:name"); dps.CodeOf(err) != dps.CodeUnavailable {
		t.Errorf("%v, want %s", err, dps.CodeUnavailable)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
