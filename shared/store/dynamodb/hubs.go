package dynamodb

import (
	"context"

	"dps/shared/dps"
)

// Hub implements dps.HubStore.
func (s *Store) Hub(ctx context.Context, id string) (dps.Hub, error) {
	return read(ctx, s, kindHub, id, decode[dps.Hub])
}

// PutHub implements dps.HubStore: one transaction over the hub and the generation.
func (s *Store) PutHub(ctx context.Context, h dps.Hub) (dps.Hub, error) {
	if err := h.Storable(); err != nil {
		return dps.Hub{}, err
	}
	expected := h.Version
	h.Version++
	it, err := keyed(h, kindHub, h.ID)
	if err != nil {
		return dps.Hub{}, err
	}
	kindHub.listed(it, h.Owner, h.ID)
	if err := s.change(ctx, s.putVersion(it, kindHub, h.ID, expected)); err != nil {
		return dps.Hub{}, err
	}
	return h, nil
}

// DeleteHub implements dps.HubStore.
func (s *Store) DeleteHub(ctx context.Context, id string) error {
	return s.deleteVersion(ctx, kindHub, id, func(item) ([]write, error) { return nil, nil })
}

// ListHubs implements dps.HubStore.
func (s *Store) ListHubs(ctx context.Context, owner string, p dps.Page) ([]dps.Hub, string, error) {
	return list(ctx, s, kindHub, owner, p, decode[dps.Hub])
}
