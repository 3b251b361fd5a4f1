package api

import (
	"context"
	"net/http"

	"dps/shared/dps"
)

// Hub implements dps.HubStore.
func (s Store) Hub(ctx context.Context, id string) (dps.Hub, error) {
	path, err := at(pathHubs, id)
	if err != nil {
		return dps.Hub{}, err
	}
	return call(ctx, s.Client, request{method: http.MethodGet, path: path}, hub.domain)
}

// PutHub implements dps.HubStore, but that a new hub gets its id from the server: it is the answer's.
func (s Store) PutHub(ctx context.Context, h dps.Hub) (dps.Hub, error) {
	q, err := write(pathHubs, h.ID, h.Version, wireHub(h))
	if err != nil {
		return h, err
	}
	return call(ctx, s.Client, q, hub.domain)
}

// DeleteHub implements dps.HubStore; the server refuses it (CodeConflict) while a group names the hub.
func (s Store) DeleteHub(ctx context.Context, id string) error { return s.remove(ctx, pathHubs, id) }

// ListHubs implements dps.HubStore.
func (s Store) ListHubs(ctx context.Context, _ string, p dps.Page) ([]dps.Hub, string, error) {
	return list(ctx, s.Client, pathHubs, nil, p, hub.domain)
}

// PatchHub changes parts of a hub (RFC 7396).
func (s Store) PatchHub(ctx context.Context, id string, patch any) error {
	return s.patch(ctx, pathHubs, id, patch)
}
