package apiapply

import (
	"context"
	"slices"

	"dps/shared/dps"
)

// Hub implements dps.HubStore.
func (t *Target) Hub(ctx context.Context, id string) (dps.Hub, error) {
	h, err := t.api.Hub(ctx, id)
	if err == nil {
		t.vault.read(hubSecrets(&h))
	}
	return h, err
}

// PutHub implements dps.HubStore.
func (t *Target) PutHub(ctx context.Context, h dps.Hub) (dps.Hub, error) {
	sent := h
	t.vault.fill(hubSecrets(&sent))
	stored, err := t.api.PutHub(ctx, sent)
	if err != nil {
		return h, t.note(err)
	}
	t.vault.written(hubSecrets(&h))
	t.created[h.ID] = stored.ID
	return stored, nil
}

// DeleteHub implements dps.HubStore.
func (t *Target) DeleteHub(ctx context.Context, id string) error { return t.api.DeleteHub(ctx, id) }

// ListHubs implements dps.HubStore.
func (t *Target) ListHubs(ctx context.Context, owner string, p dps.Page) ([]dps.Hub, string, error) {
	return t.api.ListHubs(ctx, owner, p)
}

// Manifest implements dps.ManifestStore: to prune is to say that the file brought everything that is there.
func (t *Target) Manifest(ctx context.Context, _ string) (m dps.Manifest, err error) {
	if !t.prune {
		return m, nil
	}
	groups, err := everything(ctx, t.api.ListGroups)
	if err != nil {
		return m, err
	}
	hubs, err := everything(ctx, t.api.ListHubs)
	if err != nil {
		return m, err
	}
	for _, g := range groups {
		m.GroupIDs = append(m.GroupIDs, g.ID)
	}
	for _, h := range hubs {
		m.HubIDs = append(m.HubIDs, h.ID)
	}
	slices.Sort(m.GroupIDs)
	slices.Sort(m.HubIDs)
	return m, nil
}

// PutManifest implements dps.ManifestStore; nobody remembers it.
func (*Target) PutManifest(context.Context, string, dps.Manifest) error { return nil }
