package bolt

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"runtime/debug"

	"go.etcd.io/bbolt"
)

// errForeign is a sound database in which nothing is ours.
var errForeign = errors.New("the file belongs to another program")

// verify proves, before anything relies on the file, that it is whole and ours: a damaged page would otherwise end the
// process at the request that first touches it, and a damaged free list would eat good pages.
func verify(db *bbolt.DB, path string) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w: %v", errDamaged, r)
		}
	}()
	return db.View(func(tx *bbolt.Tx) error {
		if err := checkLength(tx, path); err != nil {
			return err
		}
		if err := followPages(tx, path); err != nil {
			return err
		}
		if err := checkOwner(tx); err != nil {
			return err
		}
		// The walk comes before bbolt's own check: it meets every page in this goroutine, where a fault can be recovered,
		// and the check, which runs in another, then meets no page that the walk has not.
		if err := walk(tx); err != nil {
			return err
		}
		return check(tx)
	})
}

func checkLength(tx *bbolt.Tx, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return fmt.Errorf("%w: it has %d bytes of %d", errDamaged, info.Size(), tx.Size())
	}
	return nil
}

func followPages(tx *bbolt.Tx, path string) error {
	file, err := os.Open(path) //nolint:gosec // the file that is configured
	if err != nil {
		return err
	}
	return errors.Join(newPages(file, tx).follow(tx), file.Close())
}

func walk(tx *bbolt.Tx) error {
	return tx.ForEach(func(name []byte, b *bbolt.Bucket) error {
		var last []byte
		return b.ForEach(func(k, v []byte) error {
			if last != nil && bytes.Compare(last, k) >= 0 {
				return fmt.Errorf("%w: bucket %q is out of order", errDamaged, name)
			}
			if v == nil { // ours hold none, and bbolt's check would follow it wherever it leads
				return fmt.Errorf("%w: bucket %q holds a bucket", errDamaged, name)
			}
			if len(v) > 0 {
				_ = v[len(v)-1] // the value's last page is there
			}
			last = k
			return nil
		})
	})
}

// check reads bbolt's check to its end, so that its goroutine ends.
func check(tx *bbolt.Tx) error {
	var first error
	for err := range tx.Check() {
		if first == nil {
			first = fmt.Errorf("%w: %w", errDamaged, err)
		}
	}
	return first
}

// checkOwner refuses another program's database: any bucket of ours makes it ours, and an empty one may become so.
func checkOwner(tx *bbolt.Tx) error {
	empty := true
	for _, name := range buckets {
		if tx.Bucket(name) != nil {
			return nil
		}
	}
	if err := tx.ForEach(func([]byte, *bbolt.Bucket) error { empty = false; return nil }); err != nil {
		return err
	}
	if !empty {
		return errForeign
	}
	return nil
}
