// Package apiapply lets package apply work on the REST API as on a store, where the API differs from one:
//
//	ids       of new objects are the server's: Localize finds which of the owner's objects a file means
//	secrets   travel within their objects, and cannot be compared
//	manifest  the API remembers none: what a file no longer names stays, unless everything else is to go
//	proof     the API may have a new group wait: an administrator's token vouches for it
package apiapply

import (
	"context"

	"dps/client/dpsctl/api"
	"dps/shared/apply"
	"dps/shared/dps"
)

// Target is one application of a file. It is not for concurrent use.
type Target struct {
	api     api.Store
	me      api.Me
	prune   bool
	created map[string]string // ids of the server by those of the file
	vault   vault
	waiting []string // groups that wait for proof
	refusal error    // the last conflict that the server told of
}

var (
	_ apply.Stores     = (*Target)(nil)
	_ dps.SecretWriter = (*Target)(nil)
)

// New makes a target for the objects of the token's owner. prune deletes what of them the file does not name.
func New(store api.Store, me api.Me, prune bool) *Target {
	return &Target{api: store, me: me, prune: prune, created: map[string]string{}, vault: newVault()}
}

// Waiting are the groups that were written and whose devices are refused until somebody proves to hold the key of their lead
// certificate, or an administrator vouches for them.
func (t *Target) Waiting() []string { return t.waiting }

// Refusal is what the server said of the last conflict; nil: there was none.
func (t *Target) Refusal() error { return t.refusal }

// Group implements dps.GroupStore. Who may not vouch cannot change that a group waits, and so does not see it as a difference.
func (t *Target) Group(ctx context.Context, id string) (dps.EnrollmentGroup, error) {
	g, err := t.api.Group(ctx, id)
	if err != nil {
		return g, err
	}
	if !t.me.IsAdmin() {
		g.Challenge = ""
	}
	t.vault.read(groupSecrets(&g))
	return g, nil
}

// PutGroup implements dps.GroupStore.
func (t *Target) PutGroup(ctx context.Context, g dps.EnrollmentGroup) (dps.EnrollmentGroup, error) {
	sent := g
	sent.HubIDs = nil
	for _, id := range g.HubIDs {
		sent.HubIDs = append(sent.HubIDs, t.serversID(id))
	}
	t.vault.fill(groupSecrets(&sent))
	stored, err := t.api.PutGroup(ctx, sent)
	if err != nil {
		return g, t.note(err)
	}
	t.vault.written(groupSecrets(&g))
	if t.created[g.ID] = stored.ID; stored.Challenge == "" || g.Challenge != "" {
		return stored, nil
	}
	return t.vouch(ctx, stored)
}

// vouch lets the group's devices in: who applies a file knows whose certificates are in it.
func (t *Target) vouch(ctx context.Context, g dps.EnrollmentGroup) (dps.EnrollmentGroup, error) {
	if !t.me.IsAdmin() {
		t.waiting = append(t.waiting, g.ID)
		return g, nil
	}
	return t.api.Vouch(ctx, g.ID)
}

// DeleteGroup implements dps.GroupStore.
func (t *Target) DeleteGroup(ctx context.Context, id string) error { return t.api.DeleteGroup(ctx, id) }

// ListGroups implements dps.GroupStore.
func (t *Target) ListGroups(ctx context.Context, owner string, p dps.Page) ([]dps.EnrollmentGroup, string, error) {
	return t.api.ListGroups(ctx, owner, p)
}

// GroupsByCA implements dps.GroupStore, of the owner's groups.
func (t *Target) GroupsByCA(ctx context.Context, nameHash string) ([]dps.EnrollmentGroup, error) {
	all, err := everything(ctx, t.api.ListGroups)
	var out []dps.EnrollmentGroup
	for _, g := range all {
		if g.Challenge == "" && names(g, nameHash) {
			out = append(out, g)
		}
	}
	return out, err
}

func names(g dps.EnrollmentGroup, nameHash string) bool {
	chain, _ := g.X509.Certificates() // the server has looked at them
	for _, c := range chain {
		if dps.NameHash(c.RawSubject) == nameHash {
			return true
		}
	}
	return false
}

func (t *Target) serversID(id string) string {
	if s, ok := t.created[id]; ok {
		return s
	}
	return id
}

func (t *Target) note(err error) error {
	if dps.CodeOf(err) == dps.CodeConflict {
		t.refusal = err
	}
	return err
}

// everything reads a listing to its end.
func everything[T any](ctx context.Context, list func(context.Context, string, dps.Page) ([]T, string, error)) ([]T, error) {
	var all []T
	for token := ""; ; {
		page, next, err := list(ctx, "", dps.Page{Token: token})
		if err != nil {
			return nil, err
		}
		if all = append(all, page...); next == "" {
			return all, nil
		}
		token = next
	}
}
