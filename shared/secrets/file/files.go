package file

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"dps/shared/dps"
)

func readFile(path string, ref dps.SecretRef) ([]byte, error) {
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return nil, dps.Errorf(dps.CodeNotFound, "secret %s does not exist", ref)
	case errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.EINVAL):
		return nil, dps.Errorf(dps.CodeInvalid, "secret %s is no path", ref)
	case err != nil:
		return nil, unreadable(ref, err)
	case !info.Mode().IsRegular(): // a pipe would wait for its writer for ever
		return nil, dps.Errorf(dps.CodeInvalid, "secret %s is no regular file", ref)
	}
	f, err := os.Open(path) //nolint:gosec // reading the file that the reference names is the purpose
	if err != nil {
		return nil, unreadable(ref, err)
	}
	defer func() { _ = f.Close() }()
	value, err := io.ReadAll(io.LimitReader(f, dps.MaxSecretSize+1))
	if err != nil {
		return nil, unreadable(ref, err)
	}
	if len(value) > dps.MaxSecretSize {
		return nil, dps.Errorf(dps.CodeInvalid, "secret %s is larger than %d bytes", ref, dps.MaxSecretSize)
	}
	return value, nil
}

// unreadable drops the path from err: it may be the secret itself by mistake.
func unreadable(ref dps.SecretRef, err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return dps.Wrap(dps.CodeUnavailable, err, "secret "+ref.String()+" cannot be read")
}

// write makes the value whole and synced under its name, or leaves the older one.
func (s *Store) write(path string, value []byte) error {
	if err := s.makeDir(); err != nil {
		return err
	}
	f, err := os.CreateTemp(s.dir, ".tmp-*") // mode 0600
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
	return syncDir(s.dir)
}

// makeDir also takes others' rights away from a folder that was there before.
func (s *Store) makeDir() error {
	info, err := os.Stat(s.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return errors.Join(os.MkdirAll(s.dir, 0o700), syncDir(filepath.Dir(s.dir)))
	case err != nil:
		return err
	case info.Mode().Perm()&0o077 != 0:
		return os.Chmod(s.dir, 0o700) //nolint:gosec // a folder needs the right to be entered
	}
	return nil
}

// syncDir makes the names in a folder survive a power cut. Windows cannot, and need not.
func syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir) //nolint:gosec // the store's own folder
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
