package dpsctl

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"dps/shared/dps"
	"dps/shared/secrets/file"
	"dps/shared/store/bolt"
)

// openFile opens a database file of the embedded mode, and the folder of its secrets.
func openFile(path string, a access) (*backend, error) {
	_, err := os.Stat(path)
	missing := errors.Is(err, fs.ErrNotExist)
	switch {
	case missing && a == reading:
		return nil, dps.Errorf(dps.CodeNotFound, "%s does not exist: name the database of the service with --database FILE, or its configuration with --config FILE", path)
	case missing && a == planning:
		return openNowhere(path)
	}
	store, err := bolt.Open(path)
	if err != nil {
		return nil, explainInUse(path, err)
	}
	return &backend{
		store: store, where: path, close: store.Close,
		direct: &direct{stores: store, secrets: file.New(path + ".secrets"), exclusive: true},
	}, nil
}

// openNowhere opens an empty store that goes with its closing, for plans about a file that does not exist.
func openNowhere(path string) (*backend, error) {
	dir, err := os.MkdirTemp("", "dpsctl-")
	if err != nil {
		return nil, dps.Wrap(dps.CodeUnavailable, err, "no temporary folder can be made: see to the disk, or set TMPDIR")
	}
	b, err := openFile(filepath.Join(dir, "empty.db"), writing)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	closeStore := b.close
	b.where = path + " (new)"
	b.close = func() error { return errors.Join(closeStore(), os.RemoveAll(dir)) }
	return b, nil
}

// explainInUse says which process has the file, where that is the trouble and the system tells.
func explainInUse(path string, err error) error {
	who := holder(path)
	if dps.CodeOf(err) != dps.CodeUnavailable || who == "" {
		return err
	}
	return dps.Errorf(dps.CodeUnavailable, "%s is in use by %s, and one process at a time can use it: stop that one, run this again, and start it again; "+
		"through its API (--server) or in the cloud (--table) the service keeps running", path, who)
}
