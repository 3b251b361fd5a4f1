package api

import (
	"context"
	"net/http"

	"dps/shared/dps"
)

// Group implements dps.GroupStore.
func (s Store) Group(ctx context.Context, id string) (dps.EnrollmentGroup, error) {
	path, err := at(pathGroups, id)
	if err != nil {
		return dps.EnrollmentGroup{}, err
	}
	return call(ctx, s.Client, request{method: http.MethodGet, path: path}, group.domain)
}

// PutGroup implements dps.GroupStore, but that a new group gets its id from the server: it is the answer's.
func (s Store) PutGroup(ctx context.Context, g dps.EnrollmentGroup) (dps.EnrollmentGroup, error) {
	q, err := write(pathGroups, g.ID, g.Version, wireGroup(g))
	if err != nil {
		return g, err
	}
	return call(ctx, s.Client, q, group.domain)
}

// DeleteGroup implements dps.GroupStore.
func (s Store) DeleteGroup(ctx context.Context, id string) error {
	return s.remove(ctx, pathGroups, id)
}

// ListGroups implements dps.GroupStore.
func (s Store) ListGroups(ctx context.Context, _ string, p dps.Page) ([]dps.EnrollmentGroup, string, error) {
	return list(ctx, s.Client, pathGroups, nil, p, group.domain)
}

// Vouch lets the devices of a pending group in. Errors: CodeDenied where the token is no administrator's.
func (s Store) Vouch(ctx context.Context, id string) (dps.EnrollmentGroup, error) {
	path, err := at(pathGroups, id, "vouch")
	if err != nil {
		return dps.EnrollmentGroup{}, err
	}
	return call(ctx, s.Client, request{method: http.MethodPost, path: path}, group.domain)
}

// Prove shows the certificate (PEM) that answers the group's challenge. Errors: CodeInvalid where it does not.
func (s Store) Prove(ctx context.Context, id string, certificate []byte) (dps.EnrollmentGroup, error) {
	path, err := at(pathGroups, id, "proof")
	if err != nil {
		return dps.EnrollmentGroup{}, err
	}
	body := map[string]string{"certificate": dps.EncodeDataURI(certificate)}
	return call(ctx, s.Client, request{method: http.MethodPost, path: path, body: body}, group.domain)
}

// PatchGroup changes parts of a group (RFC 7396).
func (s Store) PatchGroup(ctx context.Context, id string, patch any) error {
	return s.patch(ctx, pathGroups, id, patch)
}

func (s Store) patch(ctx context.Context, collection, id string, patch any) error {
	path, err := at(collection, id)
	if err != nil {
		return err
	}
	return s.do(ctx, request{method: http.MethodPatch, path: path, body: patch, media: "application/merge-patch+json"}, nil)
}
