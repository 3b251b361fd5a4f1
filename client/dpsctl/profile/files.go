package profile

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"

	"go.yaml.in/yaml/v3"

	"dps/shared/dps"
)

// maxFile bounds what is read, in bytes.
const maxFile = 1 << 20

// read decodes a file; one that does not exist is empty.
func (p Profile) read(name string, into any) error {
	path := filepath.Join(p.dir, name)
	f, err := os.Open(path) //nolint:gosec // a file of the profile
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return dps.Wrap(dps.CodeUnavailable, err, path+" cannot be read")
	}
	defer func() { _ = f.Close() }() // read only
	if err := private(f); err != nil {
		return err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return dps.Wrap(dps.CodeUnavailable, err, path+" cannot be read")
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(into); len(data) > maxFile || err != nil && !errors.Is(err, io.EOF) {
		// What the decoder says may quote a token.
		return dps.Errorf(dps.CodeInvalid, "%s is not what dpsctl wrote: mend it, or remove it and log in again", path)
	}
	return nil
}

// private refuses a file that others can read or write: its tokens are not its owner's alone, or not his at all.
func private(f *os.File) error {
	info, err := f.Stat()
	if err != nil {
		return dps.Wrap(dps.CodeUnavailable, err, f.Name()+" cannot be read")
	}
	if !info.Mode().IsRegular() || runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 { // Windows has no such bits
		return dps.Errorf(dps.CodeInvalid, "%s is open to others (mode %s): look at what is in it, then run chmod 600 %[1]s", f.Name(), info.Mode())
	}
	return nil
}

// write puts a file in the place of the old one: whole, or not at all.
func (p Profile) write(name string, v any) error {
	path := filepath.Join(p.dir, name)
	data, err := yaml.Marshal(v)
	if err == nil {
		err = os.MkdirAll(p.dir, 0o700)
	}
	if err == nil {
		err = replace(path, data)
	}
	if err != nil {
		return dps.Wrap(dps.CodeUnavailable, err, path+" cannot be written")
	}
	return nil
}

func replace(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
