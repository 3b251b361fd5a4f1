// Package file keeps secrets as files: the embedded mode's secrets store.
package file

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"dps/shared/dps"
)

// schemeFile may stand before a path, which alone means the same.
const schemeFile = "file:"

// Store reads "secret:NAME" from its folder, file paths from where they are, and data URIs from themselves. A value is
// given as it is stored: who needs it without a trailing newline trims it.
type Store struct{ dir string }

var (
	_ dps.Secrets      = (*Store)(nil)
	_ dps.SecretWriter = (*Store)(nil)
)

// New uses the folder dir, which need not exist yet: the first PutSecret makes it, mode 0700.
func New(dir string) *Store { return &Store{dir: dir} }

// Secret implements dps.Secrets.
func (s *Store) Secret(ctx context.Context, ref dps.SecretRef) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, dps.Wrap(dps.CodeUnavailable, err, "secret was not read in time")
	}
	if ref.IsInline() {
		return ref.Inline()
	}
	path, err := s.path(ref)
	if err != nil {
		return nil, err
	}
	return readFile(path, ref)
}

func (s *Store) path(ref dps.SecretRef) (string, error) {
	if ref == "" {
		return "", dps.Errorf(dps.CodeNotFound, "no secret is configured")
	}
	if name, ok := ref.Name(); ok {
		return s.file(name), nil
	}
	if text, ok := strings.CutPrefix(string(ref), dps.SecretScheme); ok {
		return "", dps.CheckSecretName(text)
	}
	return strings.TrimPrefix(string(ref), schemeFile), nil
}

// file is where the named secret lies: all in one folder, so that "a" and "a/b" can both be. No name holds a '+'.
func (s *Store) file(name string) string {
	return filepath.Join(s.dir, strings.ReplaceAll(name, "/", "+"))
}

// PutSecret implements dps.SecretWriter: the value is whole and synced under its name, or the older one still is.
func (s *Store) PutSecret(ctx context.Context, name string, value []byte) (dps.SecretRef, error) {
	if err := ctx.Err(); err != nil {
		return "", dps.Wrap(dps.CodeUnavailable, err, "secret was not written in time")
	}
	if err := errors.Join(dps.CheckSecretName(name), dps.CheckSecretValue(name, value)); err != nil {
		return "", dps.Errorf(dps.CodeInvalid, "%v", err)
	}
	if err := s.write(s.file(name), value); err != nil {
		return "", dps.Wrap(dps.CodeUnavailable, err, "secret "+name+" cannot be written")
	}
	return dps.SecretRef(dps.SecretScheme + name), nil
}

// DeleteSecret implements dps.SecretWriter. Only what PutSecret wrote is ever deleted.
func (s *Store) DeleteSecret(ctx context.Context, ref dps.SecretRef) error {
	if err := ctx.Err(); err != nil {
		return dps.Wrap(dps.CodeUnavailable, err, "secret was not deleted in time")
	}
	name, ok := ref.Name()
	if !ok {
		return nil
	}
	if err := os.Remove(s.file(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return dps.Wrap(dps.CodeUnavailable, err, "secret "+name+" cannot be deleted")
	}
	return nil
}
