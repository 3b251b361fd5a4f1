// Package file keeps secrets as files: the embedded mode's secrets store.
package file

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"dps/shared/dps"
)

// MaxSize bounds a secret, in bytes.
const MaxSize = 64 << 10

const (
	schemeSecret = "secret:" // a value in the store's own folder
	schemeFile   = "file:"   // a path, as a path alone is
)

// names keeps a secret's name inside the folder.
var names = regexp.MustCompile(`^[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$`)

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
		value, err := dps.DecodeDataURI(string(ref))
		if err != nil {
			return nil, dps.Errorf(dps.CodeInvalid, "inline secret is not a data URI")
		}
		return value, nil
	}
	path, err := s.path(ref)
	if err != nil {
		return nil, err
	}
	return readFile(path, ref)
}

func (s *Store) path(ref dps.SecretRef) (string, error) {
	name, own := strings.CutPrefix(string(ref), schemeSecret)
	switch {
	case own && !names.MatchString(name):
		return "", dps.Errorf(dps.CodeInvalid, "%q is no name of a secret", name)
	case own:
		return filepath.Join(s.dir, filepath.FromSlash(name)), nil
	case ref == "":
		return "", dps.Errorf(dps.CodeNotFound, "no secret is configured")
	default:
		return strings.TrimPrefix(string(ref), schemeFile), nil
	}
}

func readFile(path string, ref dps.SecretRef) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // reading the file that the reference names is the purpose
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, dps.Errorf(dps.CodeNotFound, "secret %s does not exist", ref)
	case err != nil:
		return nil, dps.Wrap(dps.CodeUnavailable, err, "secret "+ref.String()+" cannot be read")
	}
	defer func() { _ = f.Close() }()
	value, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, dps.Wrap(dps.CodeUnavailable, err, "secret "+ref.String()+" cannot be read")
	}
	if len(value) > MaxSize {
		return nil, dps.Errorf(dps.CodeInvalid, "secret %s is larger than %d bytes", ref, MaxSize)
	}
	return value, nil
}

// PutSecret implements dps.SecretWriter: the value is whole and synced under its name, or the older one still is.
func (s *Store) PutSecret(ctx context.Context, name string, value []byte) (dps.SecretRef, error) {
	if err := ctx.Err(); err != nil {
		return "", dps.Wrap(dps.CodeUnavailable, err, "secret was not written in time")
	}
	if !names.MatchString(name) {
		return "", dps.Errorf(dps.CodeInvalid, "%q is no name of a secret: letters, digits, '-', '_', '.' and '/' make one", name)
	}
	if len(value) == 0 || len(value) > MaxSize {
		return "", dps.Errorf(dps.CodeInvalid, "secret %q must have 1 to %d bytes", name, MaxSize)
	}
	path := filepath.Join(s.dir, filepath.FromSlash(name))
	if err := writeFile(path, value); err != nil {
		return "", dps.Wrap(dps.CodeUnavailable, err, "secret "+name+" cannot be written")
	}
	return dps.SecretRef(schemeSecret + name), nil
}

func writeFile(path string, value []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".tmp-*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(value)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	d, err := os.Open(dir) //nolint:gosec // the folder just written to
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// DeleteSecret implements dps.SecretWriter. Only what PutSecret wrote is ever deleted.
func (s *Store) DeleteSecret(ctx context.Context, ref dps.SecretRef) error {
	if err := ctx.Err(); err != nil {
		return dps.Wrap(dps.CodeUnavailable, err, "secret was not deleted in time")
	}
	if !strings.HasPrefix(string(ref), schemeSecret) {
		return nil
	}
	path, err := s.path(ref)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return dps.Wrap(dps.CodeUnavailable, err, "secret "+ref.String()+" cannot be deleted")
	}
	return nil
}
