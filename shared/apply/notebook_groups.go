package apply

import (
	"cmp"
	"context"
	"slices"

	"dps/shared/dps"
)

// Group implements dps.GroupStore.
func (n *notebook) Group(ctx context.Context, id string) (dps.EnrollmentGroup, error) {
	if noted, ok := n.groups[id]; ok {
		return noted.current()
	}
	return n.Stores.Group(ctx, id)
}

// PutGroup implements dps.GroupStore, conflicts over lead certificates included.
func (n *notebook) PutGroup(ctx context.Context, g dps.EnrollmentGroup) (dps.EnrollmentGroup, error) {
	if err := g.Storable(); err != nil {
		return g, err
	}
	if _, others, err := leadHolders(ctx, n, g); err != nil {
		return g, err
	} else if len(others) > 0 {
		return g, dps.Errorf(dps.CodeConflict, "another group has the lead certificate")
	}
	old, existed, err := found(n.Stores.Group(ctx, g.ID))
	if err != nil {
		return g, err
	}
	n.groups[g.ID] = note[dps.EnrollmentGroup]{old: old, now: g, existed: existed}
	n.remember(kindGroup, g.ID)
	return g, nil
}

// DeleteGroup implements dps.GroupStore.
func (n *notebook) DeleteGroup(ctx context.Context, id string) error {
	old, existed, err := found(n.Stores.Group(ctx, id))
	n.groups[id] = note[dps.EnrollmentGroup]{old: old, existed: existed, deleted: true}
	n.remember(kindGroup, id)
	return err
}

// GroupsByCA implements dps.GroupStore.
func (n *notebook) GroupsByCA(ctx context.Context, nameHash string) ([]dps.EnrollmentGroup, error) {
	groups, err := n.Stores.GroupsByCA(ctx, nameHash)
	return n.merge(groups, func(g dps.EnrollmentGroup) bool {
		chain, _ := g.X509.Certificates() // stored groups were validated
		for _, c := range chain {
			if dps.NameHash(c.RawSubject) == nameHash {
				return true
			}
		}
		return false
	}), err
}

// ListGroups implements dps.GroupStore. What is noted stands on the last page.
func (n *notebook) ListGroups(ctx context.Context, owner string, p dps.Page) ([]dps.EnrollmentGroup, string, error) {
	groups, next, err := n.Stores.ListGroups(ctx, owner, p)
	return n.merge(groups, func(g dps.EnrollmentGroup) bool { return next == "" && g.Owner == owner }), next, err
}

// merge takes what is noted out of groups, and puts in of the noted groups those that are wanted.
func (n *notebook) merge(groups []dps.EnrollmentGroup, want func(dps.EnrollmentGroup) bool) []dps.EnrollmentGroup {
	groups = slices.DeleteFunc(groups, func(g dps.EnrollmentGroup) bool { _, noted := n.groups[g.ID]; return noted })
	for _, noted := range n.groups {
		if !noted.deleted && want(noted.now) {
			groups = append(groups, noted.now)
		}
	}
	slices.SortFunc(groups, func(a, b dps.EnrollmentGroup) int { return cmp.Compare(a.ID, b.ID) })
	return groups
}
