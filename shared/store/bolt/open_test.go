package bolt_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"dps/shared/dps"
	"dps/shared/store/bolt"
)

func TestOpenMakesAFileForItsUserAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dps.db")
	open(t, path)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, error %v, want 0600", info.Mode().Perm(), err)
	}
}

func TestOpenKeepsWhatIsThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "dps.db")
	for range 3 {
		s, err := bolt.Open(path)
		must(t, err)
		must(t, s.AppendAudit(t.Context(), dps.AuditEntry{RecordID: "r", Detail: dps.NewUUID()}))
		must(t, s.Close())
	}
	entries, _, err := open(t, path).ListAudit(t.Context(), "r", dps.Page{})
	if err != nil || len(entries) != 3 {
		t.Errorf("%d entries, error %v, want 3", len(entries), err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	dir := t.TempDir()
	file := func(name, content string) string {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, []byte(content), 0o600))
		return path
	}
	locked := filepath.Join(dir, "locked.db")
	open(t, locked)
	for _, tt := range []struct {
		name, path string
		code       dps.Code
		want       string
	}{
		{"in use", locked, dps.CodeUnavailable, "in use by another process: stop it"},
		{"no folder", filepath.Join(dir, "none", "dps.db"), dps.CodeUnavailable, "folder does not exist: make it"},
		{"a folder", dir, dps.CodeUnavailable, "a folder stands where"},
		{"below a file", filepath.Join(file("plain", ""), "dps.db"), dps.CodeUnavailable, "a file where a folder"},
		{"text", file("text", strings.Repeat("not a database\n", 1000)), dps.CodeInvalid, "not a database of this service"},
		{"a few bytes", file("few", "x"), dps.CodeInvalid, "not a database of this service"},
		{"zeros", file("zeros", strings.Repeat("\x00", 1<<16)), dps.CodeInvalid, "not a database of this service"},
		{"another program's", foreign(t, filepath.Join(dir, "foreign.db")), dps.CodeInvalid, "of another program"},
	} {
		t.Run(tt.name, func(t *testing.T) { wantRefused(t, tt.path, tt.code, tt.want) })
	}
}

func TestOpenWithoutPermission(t *testing.T) {
	if os.Getuid() == 0 {
		t.Skip("SKIPPED: permissions do not bind root")
	}
	dir := t.TempDir()
	must(t, os.Chmod(dir, 0o500))
	wantRefused(t, filepath.Join(dir, "dps.db"), dps.CodeUnavailable, "give this user the right to write")
}

func TestCloseEndsAllCalls(t *testing.T) {
	s, err := bolt.Open(filepath.Join(t.TempDir(), "dps.db"))
	must(t, err)
	must(t, s.Close())
	_, err = s.Generation(t.Context())
	wantCode(t, err, dps.CodeUnavailable)
	wantCode(t, s.AppendAudit(t.Context(), dps.AuditEntry{RecordID: "r"}), dps.CodeUnavailable)
	_, err = s.MergeResults(t.Context(), []dps.StepResult{{RecordID: "r", Owner: "o", Step: dps.StepTime}})
	wantCode(t, err, dps.CodeUnavailable)
	must(t, s.Close())
}

// foreign makes a sound database that is not ours.
func foreign(t *testing.T, path string) string {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	must(t, db.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket([]byte("theirs"))
		return err
	}))
	must(t, db.Close())
	return path
}

// wantRefused checks that the file is refused in words that name it and the remedy, twice: the first refusal lets go of it.
func wantRefused(t *testing.T, path string, code dps.Code, want string) {
	t.Helper()
	for range 2 {
		s, err := bolt.Open(path)
		if err == nil {
			must(t, s.Close())
			t.Fatalf("%s was opened", path)
		}
		wantCode(t, err, code)
		if m := dps.AsError(err).Message; !strings.Contains(m, path) || !strings.Contains(m, want) {
			t.Errorf("error %q, want the path and %q", m, want)
		}
	}
}

func wantCode(t *testing.T, err error, code dps.Code) {
	t.Helper()
	if dps.CodeOf(err) != code {
		t.Errorf("error %v has code %q, want %q", err, dps.CodeOf(err), code)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
