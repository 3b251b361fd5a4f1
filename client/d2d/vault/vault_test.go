package vault_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"dps/client/d2d/vault"
	"dps/shared/dps"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// ring is a keyring in memory.
type ring struct {
	mu      sync.Mutex
	entries map[string]string
	broken  error
}

func (r *ring) Get(_, user string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken != nil {
		return "", r.broken
	}
	if s, ok := r.entries[user]; ok {
		return s, nil
	}
	return "", vault.ErrNoEntry
}

func (r *ring) Set(_, user, secret string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.broken != nil {
		return r.broken
	}
	if r.entries == nil {
		r.entries = map[string]string{}
	}
	r.entries[user] = secret
	return nil
}

func noRing() *ring { return &ring{broken: errors.New("no session bus")} }

func passphrase(p string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(p), nil }
}

func open(t *testing.T, o vault.Options) *vault.Vault {
	t.Helper()
	v, err := vault.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func save(t *testing.T, v *vault.Vault, content string) {
	t.Helper()
	if _, err := v.Load(); err != nil && dps.CodeOf(err) != dps.CodeNotFound {
		t.Fatal(err)
	}
	if err := v.Save([]byte(content)); err != nil {
		t.Fatal(err)
	}
}

func wantLoaded(t *testing.T, v *vault.Vault, content string) {
	t.Helper()
	got, err := v.Load()
	if err != nil || string(got) != content {
		t.Errorf("%q, %v; want %q", got, err, content)
	}
}

const secret = "a secret that must not stand in clear anywhere"

// TestEachProtection keeps what it is given, over a restart, encrypted, for its owner's eyes alone.
func TestEachProtection(t *testing.T) {
	keyring := &ring{}
	for _, tt := range []struct {
		name string
		o    vault.Options
		used vault.Protection
	}{
		{"keyring", vault.Options{Protection: vault.ByKeyring, Keyring: keyring}, vault.ByKeyring},
		{"passphrase", vault.Options{Protection: vault.ByPassphrase, Passphrase: passphrase("correct horse\n"), Keyring: noRing()}, vault.ByPassphrase},
		{"key file", vault.Options{Protection: vault.ByKeyFile, Keyring: noRing()}, vault.ByKeyFile},
		{"auto with a passphrase", vault.Options{Passphrase: passphrase("correct horse"), Keyring: keyring}, vault.ByPassphrase},
		{"auto with a keyring", vault.Options{Keyring: keyring}, vault.ByKeyring},
		{"auto with neither", vault.Options{Keyring: noRing()}, vault.ByKeyFile},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Path = filepath.Join(t.TempDir(), "deep", "credentials")
			v := open(t, tt.o)
			save(t, v, secret)
			if !strings.Contains(v.Place(), tt.o.Path) {
				t.Errorf("place %q", v.Place())
			}
			again := open(t, tt.o)
			wantLoaded(t, again, secret)
			save(t, again, "and something new")
			wantLoaded(t, open(t, tt.o), "and something new")
			checkFiles(t, tt.o.Path, tt.used)
		})
	}
}

func checkFiles(t *testing.T, path string, used vault.Protection) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", e.Name(), info.Mode(), err)
		}
		data, _ := os.ReadFile(filepath.Join(filepath.Dir(path), e.Name()))
		if bytes.Contains(data, []byte("secret")) || bytes.Contains(data, []byte("something new")) || bytes.Contains(data, []byte("horse")) {
			t.Errorf("%s holds clear text", e.Name())
		}
		if strings.HasPrefix(e.Name(), ".new-") {
			t.Errorf("%s was left behind", e.Name())
		}
	}
	data, _ := os.ReadFile(path)
	var head struct{ Protection vault.Protection }
	if err := json.Unmarshal(data, &head); err != nil || head.Protection != used {
		t.Errorf("protection %q, %v; want %q", head.Protection, err, used)
	}
}

// TestWhatCannotBeOpened is explained, and is still there afterwards.
func TestWhatCannotBeOpened(t *testing.T) {
	keyring := &ring{}
	for _, tt := range []struct {
		name  string
		o     vault.Options
		harm  func(t *testing.T, o *vault.Options)
		wants string
	}{
		{"another passphrase", vault.Options{Passphrase: passphrase("correct horse")}, func(_ *testing.T, o *vault.Options) { o.Passphrase = passphrase("wrong horse") }, "a passphrase: it does not open"},
		{"no passphrase", vault.Options{Passphrase: passphrase("correct horse")}, func(_ *testing.T, o *vault.Options) { o.Passphrase = nil }, "none is given"},
		{"keyring emptied", vault.Options{Keyring: keyring}, func(_ *testing.T, o *vault.Options) { o.Keyring = &ring{} }, "no longer in the operating system's keyring"},
		{"keyring gone", vault.Options{Keyring: keyring}, func(_ *testing.T, o *vault.Options) { o.Keyring = noRing() }, "cannot be asked"},
		{"keyring changed", vault.Options{Keyring: keyring}, func(_ *testing.T, o *vault.Options) {
			o.Keyring = &ring{entries: map[string]string{o.Path: "something else"}}
		}, "is not its key"},
		{"key file lost", vault.Options{}, func(t *testing.T, o *vault.Options) { remove(t, o.Path+".key") }, "does not exist"},
		{"key file of another", vault.Options{}, func(t *testing.T, o *vault.Options) { write(t, o.Path+".key", strings.Repeat("ab", 32), 0o600) }, "does not open with this key"},
		{"key file damaged", vault.Options{}, func(t *testing.T, o *vault.Options) { write(t, o.Path+".key", "zz", 0o600) }, "is not its key"},
		{"key file open to all", vault.Options{}, func(t *testing.T, o *vault.Options) { chmod(t, o.Path+".key", 0o644) }, "open to others"},
		{"truncated", vault.Options{}, func(t *testing.T, o *vault.Options) { write(t, o.Path, `{"version":1,`, 0o600) }, "not what this program writes"},
		{"emptied", vault.Options{}, func(t *testing.T, o *vault.Options) { write(t, o.Path, "", 0o600) }, "not what this program writes"},
		{"newer", vault.Options{}, func(t *testing.T, o *vault.Options) { change(t, o.Path, `"version": 1`, `"version": 2`) }, "version 2"},
		{"weakened", vault.Options{Passphrase: passphrase("correct horse")}, func(t *testing.T, o *vault.Options) { change(t, o.Path, `"time": 3`, `"time": 1`) }, "does not open"},
		{"absurd", vault.Options{Passphrase: passphrase("correct horse")}, func(t *testing.T, o *vault.Options) { change(t, o.Path, `"time": 3`, `"time": 4000000`) }, "out of bounds"},
		{"strange protection", vault.Options{}, func(t *testing.T, o *vault.Options) { change(t, o.Path, `"keyFile"`, `"rot13"`) }, "does not know its protection"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.o.Path = filepath.Join(t.TempDir(), "credentials")
			if tt.o.Keyring == nil {
				tt.o.Keyring = noRing()
			}
			save(t, open(t, tt.o), secret)
			tt.harm(t, &tt.o)
			before, _ := os.ReadFile(tt.o.Path)
			v := open(t, tt.o)
			_, err := v.Load()
			if dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), tt.wants) || !strings.Contains(err.Error(), "factory state") {
				t.Errorf("%v, want %q and how to go on", err, tt.wants)
			}
			if err := v.Save([]byte("over it")); dps.CodeOf(err) != dps.CodeConflict {
				t.Errorf("saved over it: %v", err)
			}
			if after, _ := os.ReadFile(tt.o.Path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

func TestAFileOpenToOthersIsRefused(t *testing.T) {
	o := vault.Options{Path: filepath.Join(t.TempDir(), "credentials"), Keyring: noRing()}
	save(t, open(t, o), secret)
	chmod(t, o.Path, 0o640)
	if _, err := open(t, o).Load(); dps.CodeOf(err) != dps.CodeInvalid || !strings.Contains(err.Error(), "chmod 600") {
		t.Error(err)
	}
}

func TestProtectionCanBeChanged(t *testing.T) {
	o := vault.Options{Path: filepath.Join(t.TempDir(), "credentials"), Keyring: noRing()}
	save(t, open(t, o), secret)
	o.Protection, o.Passphrase = vault.ByPassphrase, passphrase("correct horse")
	v := open(t, o)
	wantLoaded(t, v, secret)
	save(t, v, secret)
	remove(t, o.Path+".key")
	wantLoaded(t, open(t, o), secret)
}

func TestOptions(t *testing.T) {
	path := filepath.Join(t.TempDir(), "credentials")
	if _, err := vault.New(vault.Options{}); dps.CodeOf(err) != dps.CodeInvalid {
		t.Error(err)
	}
	for name, o := range map[string]vault.Options{
		"short passphrase":   {Passphrase: passphrase("short")},
		"missing passphrase": {Protection: vault.ByPassphrase},
		"no keyring":         {Protection: vault.ByKeyring},
		"unknown protection": {Protection: "rot13"},
		"no folder":          {Path: "/dev/null/x"},
	} {
		if o.Path == "" {
			o.Path = path
		}
		o.Keyring = noRing()
		v := open(t, o)
		_, err := v.Load()
		if dps.CodeOf(err) == dps.CodeNotFound {
			err = v.Save([]byte(secret))
		}
		if code := dps.CodeOf(err); code != dps.CodeInvalid && code != dps.CodeUnavailable || strings.Contains(err.Error(), "short\n") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := open(t, vault.Options{Path: path}).Save(nil); dps.CodeOf(err) != dps.CodeConflict {
		t.Errorf("saved what was never loaded: %v", err)
	}
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func chmod(t *testing.T, path string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(path, mode); err != nil {
		t.Fatal(err)
	}
}

func change(t *testing.T, path, from, to string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil || !bytes.Contains(data, []byte(from)) {
		t.Fatalf("%v: %q is not in %s", err, from, data)
	}
	write(t, path, strings.Replace(string(data), from, to, 1), 0o600)
}
