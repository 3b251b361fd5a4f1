package bolt

import (
	"context"

	"go.etcd.io/bbolt"

	"dps/shared/dps"
)

// Manifest implements dps.ManifestStore.
func (s *Store) Manifest(ctx context.Context, source string) (dps.Manifest, error) {
	m, err := read[dps.Manifest](ctx, s, bucketManifests, source, "manifest")
	if dps.CodeOf(err) == dps.CodeNotFound {
		return dps.Manifest{}, nil
	}
	return m, err
}

// PutManifest implements dps.ManifestStore.
func (s *Store) PutManifest(ctx context.Context, source string, m dps.Manifest) error {
	if err := dps.CheckKey("source", source); err != nil {
		return err
	}
	return s.update(ctx, func(tx *bbolt.Tx) error { return put(tx, bucketManifests, source, m) })
}
