package dpsctl

import (
	"context"
	"errors"
	"slices"
	"strings"

	"dps/shared/apply"
	"dps/shared/dps"
)

func titled(noun, id, name string) string {
	if name == "" {
		return noun + " " + id
	}
	return noun + " " + id + " (" + name + ")"
}

func findGroup(ctx context.Context, b *backend, id string) (string, error) {
	g, err := b.store.Group(ctx, id)
	return titled("group", g.ID, g.Name), err
}

func findHub(ctx context.Context, b *backend, id string) (string, error) {
	h, err := b.store.Hub(ctx, id)
	return titled("hub", h.ID, h.Name), err
}

func findRecord(ctx context.Context, b *backend, id string) (string, error) {
	r, err := b.store.Record(ctx, id)
	return titled("record", r.ID, commonName(r)), err
}

func findBinding(ctx context.Context, b *backend, id string) (string, error) {
	held, err := b.store.Binding(ctx, id)
	return "device " + held.DeviceID + " of record " + held.RecordID, err
}

// deleteGroup deletes a group and the secrets that were stored for it; an API does the latter itself.
func deleteGroup(ctx context.Context, b *backend, id string) error {
	g, err := b.store.Group(ctx, id)
	if err == nil {
		err = b.store.DeleteGroup(ctx, id)
	}
	if err != nil || b.direct == nil {
		return err
	}
	return forget(ctx, b.secrets, apply.FolderKeys+"/"+g.ID, g.PreSharedKey)
}

// deleteHub refuses a hub that a group names, as the API does: its devices would lose it without a word.
func deleteHub(ctx context.Context, b *backend, id string) error {
	h, err := b.store.Hub(ctx, id)
	if err != nil {
		return err
	}
	if b.direct == nil {
		return b.store.DeleteHub(ctx, id)
	}
	err = pages(ctx, []string{h.Owner}, b.store.ListGroups, func(groups []dps.EnrollmentGroup) (bool, error) {
		for _, g := range groups {
			if slices.Contains(g.HubIDs, id) {
				return false, dps.Errorf(dps.CodeConflict, "group %s names hub %s: take it out of the group first", g.ID, id)
			}
		}
		return true, nil
	})
	if err == nil {
		err = b.store.DeleteHub(ctx, id)
	}
	if err != nil {
		return err
	}
	p := h.Authorization.Provider
	return errors.Join(forget(ctx, b.secrets, apply.FolderOAuth+"/"+id, p.ClientSecret, p.HTTP.TLS.Key),
		forget(ctx, b.secrets, apply.FolderAuthority+"/"+id, h.CertificateAuthority.TLS.Key))
}

// forget deletes the secrets below a name that were stored for an object; files and ARNs are their owner's.
func forget(ctx context.Context, secrets dps.SecretWriter, below string, refs ...dps.SecretRef) error {
	var errs []error
	for _, ref := range refs {
		name, ok := ref.Name()
		if rest, found := strings.CutPrefix(name, below); ok && found && (rest == "" || strings.ContainsRune("/-", rune(rest[0]))) {
			errs = append(errs, secrets.DeleteSecret(ctx, ref))
		}
	}
	return errors.Join(errs...)
}
