package api

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"dps/shared/dps"
)

const (
	pathGroups   = "/api/v1/enrollment-groups"
	pathHubs     = "/api/v1/hubs"
	pathRecords  = "/api/v1/provisioning-records"
	pathBindings = "/api/v1/device-bindings"
)

// pageSize is how many objects are asked for at once: pages of so many stay well below maxAnswer.
const pageSize = 200

// Store is the API as a store: it reads and writes what belongs to the token's owner, whatever owner it is asked for. A group's hubs
// are called what their writer calls them; secrets are references, and an inline one is stored by the API.
type Store struct{ *Client }

// page is a part of a listing.
type page[T any] struct {
	Items []T    `json:"items"`
	Next  string `json:"nextPageToken"`
}

// list gets a page, and turns what is on it into the service's types.
func list[T, D any](ctx context.Context, c *Client, path string, filter url.Values, p dps.Page, domain func(T) (D, error)) ([]D, string, error) {
	q := url.Values{"pageSize": {strconv.Itoa(min(p.Limit(), pageSize))}}
	for name, values := range filter {
		q[name] = values
	}
	if p.Token != "" {
		q.Set("pageToken", p.Token)
	}
	var answer page[T]
	if err := c.do(ctx, request{method: http.MethodGet, path: path, query: q}, &answer); err != nil {
		return nil, "", err
	}
	if answer.Next != "" && answer.Next == p.Token {
		return nil, "", dps.Errorf(dps.CodeInternal, "%s answers the same page for ever", c.base)
	}
	out := make([]D, 0, len(answer.Items))
	for _, item := range answer.Items {
		d, err := domain(item)
		if err != nil {
			return nil, "", err
		}
		out = append(out, d)
	}
	return out, answer.Next, nil
}

// call makes a request about one object and turns the answer into the service's type.
func call[T, D any](ctx context.Context, c *Client, q request, domain func(T) (D, error)) (D, error) {
	var answer T
	if err := c.do(ctx, q, &answer); err != nil {
		var none D
		return none, err
	}
	return domain(answer)
}

// write creates an object without a version, and changes that version otherwise.
func write(collection, id string, version uint64, body any) (request, error) {
	if version == 0 {
		return request{method: http.MethodPost, path: collection, body: body}, nil
	}
	path, err := at(collection, id)
	return request{method: http.MethodPut, path: path, body: body, ifMatch: version}, err
}

// remove deletes an object; one that is not there counts as deleted.
func (s Store) remove(ctx context.Context, collection, id string) error {
	path, err := at(collection, id)
	if err != nil {
		return err
	}
	err = s.do(ctx, request{method: http.MethodDelete, path: path}, nil)
	if dps.CodeOf(err) == dps.CodeNotFound {
		return nil
	}
	return err
}
