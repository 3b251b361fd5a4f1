package rest

import (
	"context"

	"dps/shared/dps"
)

// resource is what groups and hubs have in common: an id, an owner, a version, secrets.
type resource[T any] struct {
	noun     string
	get      func(ctx context.Context, id string) (T, error)
	put      func(ctx context.Context, v T) (T, error)
	remove   func(ctx context.Context, id string) error
	list     func(ctx context.Context, owner string, p dps.Page) ([]T, string, error)
	meta     func(T) meta
	secrets  func(*T) []held
	storable func(T) error
	wire     func(T) any
}

// meta is what the API looks at in every object.
type meta struct {
	id, owner string
	version   uint64
}

func (a *api) groups() resource[dps.EnrollmentGroup] {
	return resource[dps.EnrollmentGroup]{
		noun: "enrollment group",
		get:  a.Store.Group, put: a.Store.PutGroup, remove: a.Store.DeleteGroup, list: a.Store.ListGroups,
		meta:     func(g dps.EnrollmentGroup) meta { return meta{g.ID, g.Owner, g.Version} },
		secrets:  groupSecrets,
		storable: dps.EnrollmentGroup.Storable,
		wire:     wireGroup,
	}
}

func (a *api) hubs() resource[dps.Hub] {
	return resource[dps.Hub]{
		noun: "hub",
		get:  a.Store.Hub, put: a.Store.PutHub, remove: a.Store.DeleteHub, list: a.Store.ListHubs,
		meta:     func(h dps.Hub) meta { return meta{h.ID, h.Owner, h.Version} },
		secrets:  hubSecrets,
		storable: dps.Hub.Storable,
		wire:     wireHub,
	}
}

// load gives the owner's object. Errors: CodeNotFound also where it is another owner's, in the same words.
func (r resource[T]) load(ctx context.Context, owner, id string) (T, error) {
	var none T
	missing := dps.Errorf(dps.CodeNotFound, "%s %.100q does not exist", r.noun, id)
	if dps.CheckKey("id", id) != nil {
		return none, missing
	}
	v, err := r.get(ctx, id)
	if dps.CodeOf(err) == dps.CodeNotFound || err == nil && r.meta(v).owner != owner {
		return none, missing
	}
	return v, err
}

// candidates lists the owner's objects that the request's filter may let through.
func (r resource[T]) candidates(x *exchange) lister[T] {
	return byIDOr(x, func(ctx context.Context, id string) (T, error) { return r.load(ctx, x.owner(), id) }, r.ofOwner(x.owner()))
}

// ofOwner binds the listing to an owner.
func (r resource[T]) ofOwner(owner string) lister[T] {
	return func(ctx context.Context, p dps.Page) ([]T, string, error) { return r.list(ctx, owner, p) }
}
