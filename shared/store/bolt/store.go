// Package bolt keeps everything in one bbolt file: the embedded mode's store. It survives a crash at any moment; one
// process has it open at a time.
package bolt

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"dps/shared/dps"
)

// lockTimeout is how long Open waits for another process to let go of the file.
const lockTimeout = time.Second

// The buckets mirror the items of the cloud's table. Keys of composite buckets are parts joined by separator.
var (
	bucketGroups     = []byte("groups")     // id → EnrollmentGroup
	bucketAuthority  = []byte("authority")  // name hash, group id → nothing
	bucketLead       = []byte("lead")       // CAIdentity → group id
	bucketHubs       = []byte("hubs")       // id → Hub
	bucketRecords    = []byte("records")    // id → Record
	bucketOwner      = []byte("owner")      // owner, kind, id → nothing
	bucketBindings   = []byte("bindings")   // device id → DeviceBinding
	bucketAudit      = []byte("audit")      // record id, time, event, serial or detail → AuditEntry
	bucketManifests  = []byte("manifests")  // source → Manifest
	bucketGeneration = []byte("generation") // keyGeneration → uint64
	keyGeneration    = []byte("generation")
)

const separator = "\x00"

// Store is safe for concurrent use.
type Store struct {
	db      *bbolt.DB
	decoded decoded
}

var _ dps.Store = (*Store)(nil)

// Open opens the file, or makes it (mode 0600). Errors say which file, what is wrong with it, and what to do.
func Open(path string) (*Store, error) {
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType, NoFreelistSync: true})
	switch {
	case errors.Is(err, bolterrors.ErrTimeout):
		return nil, dps.Errorf(dps.CodeUnavailable, "%s is in use by another process: stop it, or configure another file", path)
	case errors.Is(err, bolterrors.ErrInvalid), errors.Is(err, bolterrors.ErrChecksum), errors.Is(err, bolterrors.ErrVersionMismatch):
		return nil, dps.Errorf(dps.CodeInvalid, "%s is not a database of this service, or is damaged: restore a copy, or configure another file", path)
	case errors.Is(err, fs.ErrNotExist):
		return nil, dps.Errorf(dps.CodeUnavailable, "%s: the folder does not exist: make it, or configure another file", path)
	case err != nil:
		return nil, dps.Errorf(dps.CodeUnavailable, "%s cannot be opened: %w", path, err)
	}
	db.MaxBatchDelay = batchDelay
	s := &Store{db: db}
	if err := s.makeBuckets(); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return s, nil
}

// batchDelay is how long a per-device write waits for others to share its sync with.
const batchDelay = 8 * time.Millisecond

// Close releases the file.
func (s *Store) Close() error { return s.db.Close() }

func (s *Store) makeBuckets() error {
	return s.update(context.Background(), func(tx *bbolt.Tx) error {
		for _, name := range [][]byte{
			bucketGroups, bucketAuthority, bucketLead, bucketHubs, bucketRecords, bucketOwner, bucketBindings, bucketAudit, bucketManifests, bucketGeneration,
		} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
}

// Generation implements dps.GenerationStore.
func (s *Store) Generation(ctx context.Context) (n uint64, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		n = generation(tx)
		return nil
	})
	return n, err
}

func generation(tx *bbolt.Tx) uint64 {
	if v := tx.Bucket(bucketGeneration).Get(keyGeneration); len(v) == 8 {
		return binary.BigEndian.Uint64(v)
	}
	return 0
}

func raiseGeneration(tx *bbolt.Tx) error {
	return tx.Bucket(bucketGeneration).Put(keyGeneration, binary.BigEndian.AppendUint64(nil, generation(tx)+1))
}

func (s *Store) view(ctx context.Context, f func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return unavailable(err)
	}
	return unavailable(s.db.View(f))
}

func (s *Store) update(ctx context.Context, f func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return unavailable(err)
	}
	return unavailable(s.db.Update(f))
}

// batch is update for what happens once per device: concurrent calls share one sync. f may run more than once.
func (s *Store) batch(ctx context.Context, f func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return unavailable(err)
	}
	return unavailable(s.db.Batch(f))
}

// unavailable leaves errors of the domain as they are; what else goes wrong is the file's.
func unavailable(err error) error {
	var e *dps.Error
	if err == nil || errors.As(err, &e) {
		return err
	}
	return dps.Wrap(dps.CodeUnavailable, err, "the database does not answer")
}

func get[T any](tx *bbolt.Tx, bucket []byte, key string) (v T, found bool, err error) {
	data := tx.Bucket(bucket).Get([]byte(key))
	if data == nil {
		return v, false, nil
	}
	if err := json.Unmarshal(data, &v); err != nil {
		return v, false, fmt.Errorf("%s %q does not decode: %w", bucket, key, err)
	}
	return v, true, nil
}

func put(tx *bbolt.Tx, bucket []byte, key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return tx.Bucket(bucket).Put([]byte(key), data)
}

// read gives one object. Errors: CodeNotFound, CodeUnavailable.
func read[T any](ctx context.Context, s *Store, bucket []byte, key, what string) (T, error) {
	return readBy(ctx, s, get[T], bucket, key, what)
}

// readCached is read for groups and hubs, which are read for every device and seldom change.
func readCached[T any](ctx context.Context, s *Store, bucket []byte, key, what string) (T, error) {
	return readBy(ctx, s, func(tx *bbolt.Tx, bucket []byte, key string) (T, bool, error) {
		return cached[T](&s.decoded, tx, bucket, key)
	}, bucket, key, what)
}

func readBy[T any](ctx context.Context, s *Store, by func(*bbolt.Tx, []byte, string) (T, bool, error), bucket []byte, key, what string) (v T, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		var found bool
		v, found, err = by(tx, bucket, key)
		if err == nil && !found {
			return dps.Errorf(dps.CodeNotFound, "%s %q does not exist", what, key)
		}
		return err
	})
	return v, err
}
