package bolt

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"dps/shared/dps"
)

// lockTimeout is how long Open waits for another process to let go of the file.
const lockTimeout = time.Second

// Open opens the file, or makes it (mode 0600) in a folder that exists, and checks all of its structure. Errors say which
// file, what is wrong with it, and what to do: CodeUnavailable where the file cannot be had, CodeInvalid where it is damaged
// or not a database of this service.
func Open(path string) (*Store, error) {
	db, err := openFile(path)
	if err != nil {
		return nil, explain(path, err)
	}
	s := &Store{db: db, commits: newCommits(db)}
	if err := s.prepare(path); err != nil {
		return nil, errors.Join(explain(path, err), db.Close())
	}
	return s, nil
}

// errDamaged is what is wrong with a file that is, or once was, a database.
var errDamaged = errors.New("the file is damaged")

// openFile turns the panics with which bbolt meets a damaged file into errors, among them the fault of reading a memory map
// behind the file's end.
func openFile(path string) (db *bbolt.DB, err error) {
	var file *os.File
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = errors.Join(fmt.Errorf("%w: %v", errDamaged, r), letGo(file))
		}
	}()
	return bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockTimeout,
		// The array, bbolt's default, becomes slow where a large file has many free pages.
		FreelistType: bbolt.FreelistMapType,
		// Not writing the free list would save a page per commit, which is little beside the sync; Open would have to walk
		// the file to find the free pages, and bbolt does so in a goroutine whose panics nobody can recover.
		NoFreelistSync: false,
		OpenFile: func(name string, flag int, mode os.FileMode) (f *os.File, err error) {
			f, err = os.OpenFile(name, flag, mode) //nolint:gosec // the file that is configured
			file = f
			return f, err
		},
	})
}

// prepare checks the file and makes what is missing in a new one.
func (s *Store) prepare(path string) error {
	if err := verify(s.db, path); err != nil {
		return err
	}
	if err := s.makeBuckets(); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func (s *Store) makeBuckets() error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		for _, name := range buckets {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return addSummaries(tx)
	})
}

// syncFolder makes the name of a new file survive a power cut. Windows cannot, and need not.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := os.Open(dir) //nolint:gosec // the folder of the file that is configured
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// explain says what an error means for the operator.
func explain(path string, err error) error {
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return dps.Errorf(dps.CodeUnavailable, "%s is in use by another process: stop it, or configure another file", path)
	case errors.Is(err, errForeign):
		return dps.Errorf(dps.CodeInvalid, "%s is a database of another program: configure another file", path)
	case errors.Is(err, errDamaged), errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return dps.Wrap(dps.CodeInvalid, err, path+" is not a database of this service, or is damaged: restore a copy, or configure another file")
	case errors.Is(err, fs.ErrNotExist):
		return dps.Errorf(dps.CodeUnavailable, "%s: the folder does not exist: make it, or configure another file", path)
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return dps.Errorf(dps.CodeUnavailable, "%s may not be opened for writing: give this user the right to write the file and its folder, or configure another file", path)
	case errors.Is(err, syscall.EISDIR), errors.Is(err, syscall.ENOTDIR):
		return dps.Errorf(dps.CodeUnavailable, "%s: a folder stands where a file should, or a file where a folder should: configure another file", path)
	default:
		return dps.Wrap(dps.CodeUnavailable, err, path+" cannot be opened: see to its disk, or configure another file")
	}
}
