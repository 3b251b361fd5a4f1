package vault

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"dps/shared/dps"
)

// readPrivate reads a file that only its owner can read. Errors: CodeNotFound; CodeInvalid where others can read it, or it is
// too large; CodeUnavailable.
func readPrivate(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the configuration names it
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, dps.Errorf(dps.CodeNotFound, "%s does not exist", path)
	case err != nil:
		return nil, dps.Wrap(dps.CodeUnavailable, err, path+" cannot be read")
	}
	defer func() { _ = f.Close() }() // read only
	info, err := f.Stat()
	if err != nil {
		return nil, dps.Wrap(dps.CodeUnavailable, err, path+" cannot be read")
	}
	if !info.Mode().IsRegular() || runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 { // Windows has no such bits
		return nil, dps.Errorf(dps.CodeInvalid, "%s is open to others (mode %s): look who changed it, then run chmod 600 %[1]s", path, info.Mode())
	}
	data, err := io.ReadAll(io.LimitReader(f, MaxSize+1))
	if err != nil {
		return nil, dps.Wrap(dps.CodeUnavailable, err, path+" cannot be read")
	}
	if len(data) > MaxSize {
		return nil, dps.Errorf(dps.CodeInvalid, "%s has more than %d bytes", path, MaxSize)
	}
	return data, nil
}

// replace puts a file in the place of the old one, whole or not at all, and on the disk before it returns: a crash leaves the
// old one or the new one.
func replace(path string, data []byte) error {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".new-*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // after a rename there is nothing to remove
	_, err = f.Write(data)
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return err
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	if runtime.GOOS == "windows" { // it has no such thing
		return nil
	}
	d, err := os.Open(dir) //nolint:gosec // the folder that was just written to
	if err != nil {
		return err
	}
	err = d.Sync()
	if closeErr := d.Close(); err == nil {
		err = closeErr
	}
	return err
}
