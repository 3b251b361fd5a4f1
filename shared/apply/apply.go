package apply

import (
	"context"
	"maps"
	"slices"

	"dps/shared/dps"
)

// Stores are what Apply needs of the stores.
type Stores interface {
	dps.GroupStore
	dps.HubStore
	dps.ManifestStore
}

// Apply makes the stores hold the objects, and deletes what the same source named the last time and no longer names. Inline
// secrets go into the secrets store first, so that nothing else ever holds one; where secrets can also be read
// (dps.Secrets), one that is there already is not written again, and one whose value changed counts as a change of its
// group or hub, so that caches drop what they hold.
//
// At no time does a stored group name a missing hub. An object that is the same is not written, so the generation stands
// still. Errors: CodeInvalid (nothing was changed), CodeConflict where another group has the same lead certificate, in words
// that name both, or where others keep changing the same object; CodeUnavailable. After an error the objects before it may
// be stored; applying again goes on from there.
func Apply(ctx context.Context, stores Stores, secrets dps.SecretWriter, source string, objects Objects) (Result, error) {
	return apply(ctx, stores, secrets, source, objects, false)
}

// OnlyChanged is Apply of those groups, with their hubs, of which the source says something else than when it was applied last:
// what was changed or deleted by others since stays so, until the source is changed there. It remembers digests of inline secrets
// beside the objects, so that it is for a store that lies where its secrets lie. Errors: as Apply.
func OnlyChanged(ctx context.Context, stores Stores, secrets dps.SecretWriter, source string, objects Objects) (Result, error) {
	return apply(ctx, stores, secrets, source, objects, true)
}

func apply(ctx context.Context, stores Stores, secrets dps.SecretWriter, source string, objects Objects, changedOnly bool) (Result, error) {
	if err := objects.validate(); err != nil {
		return Result{}, err
	}
	a := &applier{stores: stores, vault: newVault(secrets)}
	old, err := stores.Manifest(ctx, source)
	if err != nil {
		return Result{}, err
	}
	next := objects.manifest()
	if changedOnly {
		next.Written = objects.digests()
		objects, a.result.Untouched = objects.without(old.Written, next.Written)
	}
	// Both are remembered while the work is going on: what is created now is found again even if the end is never reached.
	if err := a.remember(ctx, source, old, union(old, next)); err != nil {
		return a.result, err
	}
	if err := a.run(ctx, objects, old, next); err != nil {
		return a.result, err
	}
	return a.result, a.remember(ctx, source, union(old, next), next)
}

// applier is one run of Apply.
type applier struct {
	stores Stores
	vault  vault
	result Result
}

// run goes in the one order that never leaves a group without its hubs, and frees the lead certificates of groups that go
// before other groups take them.
func (a *applier) run(ctx context.Context, objects Objects, old, next dps.Manifest) error {
	for _, h := range objects.Hubs {
		if err := a.putHub(ctx, h); err != nil {
			return describe(err, "hub", h.ID)
		}
	}
	for _, id := range missing(old.GroupIDs, next.GroupIDs) {
		if err := a.deleteGroup(ctx, id); err != nil {
			return describe(err, "group", id)
		}
	}
	if err := a.putGroups(ctx, objects.Groups); err != nil {
		return err
	}
	for _, id := range missing(old.HubIDs, next.HubIDs) {
		if err := a.deleteHub(ctx, id); err != nil {
			return describe(err, "hub", id)
		}
	}
	return nil
}

func (a *applier) remember(ctx context.Context, source string, last, m dps.Manifest) error {
	if slices.Equal(last.GroupIDs, m.GroupIDs) && slices.Equal(last.HubIDs, m.HubIDs) && maps.Equal(last.Written, m.Written) {
		return nil
	}
	return a.stores.PutManifest(ctx, source, m)
}

// describe says which object an error is about and keeps its code.
func describe(err error, kind, id string) error {
	e := dps.AsError(err)
	wrapped := dps.Wrap(e.Code, err, kind+" "+id+": "+e.Message)
	wrapped.RetryAfter = e.RetryAfter
	return wrapped
}

// union is what either names; what was written stays a's.
func union(a, b dps.Manifest) dps.Manifest {
	return dps.Manifest{GroupIDs: merge(a.GroupIDs, b.GroupIDs), HubIDs: merge(a.HubIDs, b.HubIDs), Written: a.Written}
}

func merge(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}

// missing gives what of old is not in next.
func missing(old, next []string) []string {
	return slices.DeleteFunc(slices.Clone(old), func(id string) bool { return slices.Contains(next, id) })
}
