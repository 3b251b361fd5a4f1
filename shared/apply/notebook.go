package apply

import (
	"context"
	"slices"

	"dps/shared/dps"
)

// The kinds of objects.
const (
	kindGroup = "group"
	kindHub   = "hub"
)

// notebook is stores that read from others and note what they are told to write. It answers as if it had been written. It
// does not look at versions: nobody else writes into it.
type notebook struct {
	Stores  // the ones read from
	secrets dps.SecretWriter
	groups  map[string]note[dps.EnrollmentGroup]
	hubs    map[string]note[dps.Hub]
	order   []key           // of the first note about each object
	written map[string]bool // names of secrets
}

type key struct{ kind, id string }

// note is what happened to an object.
type note[T any] struct {
	old, now         T
	existed, deleted bool
}

func (n note[T]) action() Action {
	switch {
	case n.deleted:
		return ActionDelete
	case n.existed:
		return ActionUpdate
	default:
		return ActionCreate
	}
}

func newNotebook(stores Stores, secrets dps.SecretWriter) *notebook {
	return &notebook{
		Stores: stores, secrets: secrets, groups: map[string]note[dps.EnrollmentGroup]{}, hubs: map[string]note[dps.Hub]{},
		written: map[string]bool{},
	}
}

func (n *notebook) remember(kind, id string) {
	if k := (key{kind, id}); !slices.Contains(n.order, k) {
		n.order = append(n.order, k)
	}
}

// Hub implements dps.HubStore.
func (n *notebook) Hub(ctx context.Context, id string) (dps.Hub, error) {
	if noted, ok := n.hubs[id]; ok {
		return noted.current()
	}
	return n.Stores.Hub(ctx, id)
}

// PutHub implements dps.HubStore.
func (n *notebook) PutHub(ctx context.Context, h dps.Hub) (dps.Hub, error) {
	if err := h.Storable(); err != nil {
		return h, err
	}
	old, existed, err := found(n.Stores.Hub(ctx, h.ID))
	n.hubs[h.ID] = note[dps.Hub]{old: old, now: h, existed: existed}
	n.remember(kindHub, h.ID)
	return h, err
}

// DeleteHub implements dps.HubStore.
func (n *notebook) DeleteHub(ctx context.Context, id string) error {
	old, existed, err := found(n.Stores.Hub(ctx, id))
	n.hubs[id] = note[dps.Hub]{old: old, existed: existed, deleted: true}
	n.remember(kindHub, id)
	return err
}

// PutManifest implements dps.ManifestStore: nothing needs it back.
func (n *notebook) PutManifest(context.Context, string, dps.Manifest) error { return nil }

func (n note[T]) current() (T, error) {
	if n.deleted {
		var none T
		return none, dps.Errorf(dps.CodeNotFound, "it is deleted")
	}
	return n.now, nil
}
