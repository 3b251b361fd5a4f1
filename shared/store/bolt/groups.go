package bolt

import (
	"bytes"
	"context"
	"crypto/x509"

	"go.etcd.io/bbolt"

	"dps/shared/dps"
)

// Group implements dps.GroupStore.
func (s *Store) Group(ctx context.Context, id string) (dps.EnrollmentGroup, error) {
	return readCached[dps.EnrollmentGroup](ctx, s, bucketGroups, id, "enrollment group")
}

// PutGroup implements dps.GroupStore.
func (s *Store) PutGroup(ctx context.Context, g dps.EnrollmentGroup) (dps.EnrollmentGroup, error) {
	if err := g.Storable(); err != nil {
		return dps.EnrollmentGroup{}, err
	}
	expected := g.Version
	g.Version++
	if err := s.update(ctx, func(tx *bbolt.Tx) error { return replaceGroup(tx, g, expected) }); err != nil {
		return dps.EnrollmentGroup{}, err
	}
	return g, nil
}

func replaceGroup(tx *bbolt.Tx, g dps.EnrollmentGroup, expected uint64) error {
	old, found, err := get[dps.EnrollmentGroup](tx, bucketGroups, g.ID)
	if err != nil {
		return err
	}
	if old.Version != expected {
		return dps.Errorf(dps.CodeConflict, "enrollment group %s has version %d, not %d: somebody else changed it", g.ID, old.Version, expected)
	}
	if found {
		if err := unindexGroup(tx, old); err != nil {
			return err
		}
	}
	if err := indexGroup(tx, g); err != nil {
		return err
	}
	if err := put(tx, bucketGroups, g.ID, g); err != nil {
		return err
	}
	return raiseGeneration(tx)
}

// DeleteGroup implements dps.GroupStore.
func (s *Store) DeleteGroup(ctx context.Context, id string) error {
	return s.update(ctx, func(tx *bbolt.Tx) error {
		old, found, err := get[dps.EnrollmentGroup](tx, bucketGroups, id)
		if err != nil || !found {
			return err
		}
		if err := unindexGroup(tx, old); err != nil {
			return err
		}
		if err := tx.Bucket(bucketGroups).Delete([]byte(id)); err != nil {
			return err
		}
		return raiseGeneration(tx)
	})
}

// GroupsByCA implements dps.GroupStore.
func (s *Store) GroupsByCA(ctx context.Context, nameHash string) (groups []dps.EnrollmentGroup, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		prefix := []byte(nameHash + separator)
		c := tx.Bucket(bucketAuthority).Cursor()
		for k, _ := c.Seek(prefix); k != nil && bytes.HasPrefix(k, prefix); k, _ = c.Next() {
			g, found, err := get[dps.EnrollmentGroup](tx, bucketGroups, string(k[len(prefix):]))
			if err != nil {
				return err
			}
			if found {
				groups = append(groups, g)
			}
		}
		return nil
	})
	return groups, err
}

// ListGroups implements dps.GroupStore.
func (s *Store) ListGroups(ctx context.Context, owner string, p dps.Page) ([]dps.EnrollmentGroup, string, error) {
	return list[dps.EnrollmentGroup](ctx, s, bucketGroups, owner, p)
}

// indexGroup makes the group findable by every authority of its chain, and its lead certificate its own. A group that waits for
// proof is neither: anybody can make one of anybody's certificates.
func indexGroup(tx *bbolt.Tx, g dps.EnrollmentGroup) error {
	if err := tx.Bucket(bucketOwner).Put(ownerKey(g.Owner, bucketGroups, g.ID), nil); err != nil || g.Challenge != "" {
		return err
	}
	chain, lead, err := authorities(g)
	if err != nil {
		return err
	}
	identity := []byte(dps.CAIdentity(lead))
	if holder := tx.Bucket(bucketLead).Get(identity); holder != nil && string(holder) != g.ID {
		return dps.Errorf(dps.CodeConflict, "the lead certificate %q belongs to another enrollment group already", lead.Subject)
	}
	if err := tx.Bucket(bucketLead).Put(identity, []byte(g.ID)); err != nil {
		return err
	}
	for _, c := range chain {
		if err := tx.Bucket(bucketAuthority).Put(authorityKey(c, g.ID), nil); err != nil {
			return err
		}
	}
	return nil
}

func unindexGroup(tx *bbolt.Tx, g dps.EnrollmentGroup) error {
	if err := tx.Bucket(bucketOwner).Delete(ownerKey(g.Owner, bucketGroups, g.ID)); err != nil || g.Challenge != "" {
		return err
	}
	chain, lead, err := authorities(g)
	if err != nil {
		return err
	}
	if err := tx.Bucket(bucketLead).Delete([]byte(dps.CAIdentity(lead))); err != nil {
		return err
	}
	for _, c := range chain {
		if err := tx.Bucket(bucketAuthority).Delete(authorityKey(c, g.ID)); err != nil {
			return err
		}
	}
	return nil
}

func authorities(g dps.EnrollmentGroup) ([]*x509.Certificate, *x509.Certificate, error) {
	chain, err := g.X509.Certificates()
	if err != nil {
		return nil, nil, err
	}
	i, err := g.X509.LeadCertificate(chain)
	if err != nil {
		return nil, nil, err
	}
	return chain, chain[i], nil
}

func authorityKey(c *x509.Certificate, groupID string) []byte {
	return []byte(dps.NameHash(c.RawSubject) + separator + groupID)
}
