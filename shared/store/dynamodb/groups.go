package dynamodb

import (
	"context"

	"dps/shared/dps"
)

// Group implements dps.GroupStore.
func (s *Store) Group(ctx context.Context, id string) (dps.EnrollmentGroup, error) {
	return read(ctx, s, kindGroup, id, decode[dps.EnrollmentGroup])
}

// PutGroup implements dps.GroupStore: one transaction over the group, its index entries and the generation.
func (s *Store) PutGroup(ctx context.Context, g dps.EnrollmentGroup) (dps.EnrollmentGroup, error) {
	if err := g.Storable(); err != nil {
		return dps.EnrollmentGroup{}, err
	}
	expected := g.Version
	g.Version++
	writes, err := s.replaceGroup(ctx, g, expected)
	if err == nil {
		err = s.change(ctx, writes...)
	}
	if err != nil {
		return dps.EnrollmentGroup{}, err
	}
	return g, nil
}

func (s *Store) replaceGroup(ctx context.Context, g dps.EnrollmentGroup, expected uint64) ([]write, error) {
	it, err := keyed(g, kindGroup, g.ID)
	if err != nil {
		return nil, err
	}
	kindGroup.listed(it, g.Owner, g.ID)
	var old index
	if expected > 0 { // else there is nothing to take out of the index
		if old, err = s.indexedAt(ctx, g.ID, expected); err != nil {
			return nil, err
		}
	}
	fresh, err := indexOf(g)
	if err != nil {
		return nil, err
	}
	return append([]write{s.putVersion(it, kindGroup, g.ID, expected)}, s.reindex(g.ID, old, fresh)...), nil
}

// putVersion writes the item over the version expected, 0 being none.
func (s *Store) putVersion(it item, k kind, id string, expected uint64) write {
	refusal := outdated(k, id, expected)
	if expected == 0 {
		return s.put(it, "attribute_not_exists(PK)", nil, refusal)
	}
	return s.put(it, "version = :expected", item{":expected": number(expected)}, refusal)
}

func outdated(k kind, id string, expected uint64) error {
	return dps.Errorf(dps.CodeConflict, "%s %s is not at version %d: somebody else changed it", k.what, id, expected)
}

// DeleteGroup implements dps.GroupStore.
func (s *Store) DeleteGroup(ctx context.Context, id string) error {
	return s.deleteVersion(ctx, kindGroup, id, func(it item) ([]write, error) {
		g, err := decode[dps.EnrollmentGroup](it)
		if err != nil {
			return nil, err
		}
		old, err := indexOf(g)
		return s.reindex(id, old, nil), err
	})
}

// GroupsByCA implements dps.GroupStore: one query for the ids, the groups by their keys.
func (s *Store) GroupsByCA(ctx context.Context, nameHash string) ([]dps.EnrollmentGroup, error) {
	ids, err := s.indexed(ctx, nameHash)
	if err != nil {
		return nil, err
	}
	var groups []dps.EnrollmentGroup
	for len(ids) > 0 {
		n := min(len(ids), maxBatch)
		items, err := s.batch(ctx, kindGroup, ids[:n], consistently)
		if err != nil {
			return nil, err
		}
		for _, id := range ids[:n] {
			g, ok, err := carrier(items[id], nameHash)
			if err != nil {
				return nil, err
			}
			if ok {
				groups = append(groups, g)
			}
		}
		ids = ids[n:]
	}
	return groups, nil
}

// ListGroups implements dps.GroupStore.
func (s *Store) ListGroups(ctx context.Context, owner string, p dps.Page) ([]dps.EnrollmentGroup, string, error) {
	return list(ctx, s, kindGroup, owner, p, decode[dps.EnrollmentGroup])
}
