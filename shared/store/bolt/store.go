// Package bolt keeps everything in one bbolt file: the embedded mode's store. It survives a crash at any moment; one
// process has it open at a time.
package bolt

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"

	"go.etcd.io/bbolt"

	"dps/shared/dps"
)

// The buckets mirror the items of the cloud's table. Keys of composite buckets are parts joined by separator, which no part
// holds (dps.CheckKey).
var (
	bucketGroups     = []byte("groups")     // id → EnrollmentGroup
	bucketAuthority  = []byte("authority")  // name hash, group id → nothing
	bucketLead       = []byte("lead")       // CAIdentity → group id
	bucketHubs       = []byte("hubs")       // id → Hub
	bucketRecords    = []byte("records")    // id → Record
	bucketOwner      = []byte("owner")      // owner, kind, id → nothing; of a record: its summary
	bucketBindings   = []byte("bindings")   // device id → DeviceBinding
	bucketAudit      = []byte("audit")      // record id, time, hash of the entry → AuditEntry
	bucketManifests  = []byte("manifests")  // source → Manifest
	bucketGeneration = []byte("generation") // keyGeneration → uint64
	keyGeneration    = []byte("generation")

	buckets = [][]byte{
		bucketGroups, bucketAuthority, bucketLead, bucketHubs, bucketRecords, bucketOwner, bucketBindings, bucketAudit,
		bucketManifests, bucketGeneration,
	}
)

const separator = "\x00"

// Store is safe for concurrent use. What a call writes is on disk when it returns.
type Store struct {
	db      *bbolt.DB
	commits *commits
	decoded decoded
}

var _ dps.Store = (*Store)(nil)

// Close waits for the calls under way and releases the file. Later calls give CodeUnavailable.
func (s *Store) Close() error { return s.db.Close() }

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

// update runs f in a transaction that concurrent updates share; f may run more than once.
func (s *Store) update(ctx context.Context, f func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return unavailable(err)
	}
	return unavailable(s.commits.now(ctx, f))
}

// updatePatiently is update for what happens once per device.
func (s *Store) updatePatiently(ctx context.Context, f func(*bbolt.Tx) error) error {
	if err := ctx.Err(); err != nil {
		return unavailable(err)
	}
	return unavailable(s.commits.soon(ctx, f))
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
	data, err := encode(v)
	if err != nil {
		return err
	}
	return tx.Bucket(bucket).Put([]byte(key), data)
}

// encode gives v as JSON. Errors: CodeInvalid, as only a time outside the years 0 to 9999 has no such form.
func encode(v any) ([]byte, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, dps.Wrap(dps.CodeInvalid, err, "a time in it is outside the years 0 to 9999: check the clock it is from")
	}
	return data, nil
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
