package dynamodb

import (
	"context"
	"encoding/base64"
	"strings"

	"golang.org/x/sync/errgroup"

	"dps/shared/dps"
)

const (
	// maxPageBytes ends a page early where its objects are large: what one answer costs is bounded in bytes, too.
	maxPageBytes = 4 << 20
	// maxQueries bounds the queries of one page that are under way at once.
	maxQueries = 8
)

// list gives a page of the owner's objects of a kind, in the order of their ids: the ids from the index, shard by shard and
// merged, the objects by their keys. The token is the last id given. The index, and so the listing, may be a moment late.
func list[T any](ctx context.Context, s *Store, k kind, owner string, p dps.Page, decode func(item) (T, error)) ([]T, string, error) {
	after, err := decodeToken(p.Token)
	if err != nil || !isKey(owner) {
		return nil, "", err
	}
	ids, more, err := s.ids(ctx, k, owner, after, p.Limit())
	if err != nil {
		return nil, "", err
	}
	var out []T
	for size := 0; len(ids) > 0; {
		n := min(len(ids), maxBatch)
		items, err := s.batch(ctx, k, ids[:n], eventually)
		if err != nil {
			return nil, "", err
		}
		for _, id := range ids[:n] {
			if size >= maxPageBytes {
				return out, encodeToken(after), nil
			}
			after = id
			it := items[id]
			if it == nil || !k.isOwners(it, owner) {
				continue // deleted or given away, which the index does not know yet
			}
			v, err := decode(it)
			if err != nil {
				return nil, "", err
			}
			out, size = append(out, v), size+itemSize(it)
		}
		ids = ids[n:]
	}
	if !more {
		return out, "", nil
	}
	return out, encodeToken(after), nil
}

// ids gives the first ids behind after, at most limit, and whether there are more.
func (s *Store) ids(ctx context.Context, k kind, owner, after string, limit int) (ids []string, more bool, err error) {
	var shards merged
	var group errgroup.Group
	group.SetLimit(maxQueries)
	for _, key := range k.ownerKeys(owner) {
		shard := &cursor{store: s, ownerKey: key, after: after, size: shardPage(limit, k.shards)}
		shards = append(shards, shard)
		group.Go(func() error { return shard.fill(ctx) })
	}
	if err := group.Wait(); err != nil {
		return nil, false, err
	}
	for {
		next, err := shards.least(ctx)
		if err != nil || next == nil || len(ids) == limit {
			return ids, next != nil, err
		}
		ids = append(ids, next.take())
	}
}

// shardPage is how many ids are asked of each shard at once: its share of the page and some more, as shares vary.
func shardPage(limit, shards int) int {
	if shards == 1 {
		return limit + 1 // one more tells whether there are more
	}
	const some = 8
	return limit/shards*3/2 + some
}

// A token says where a listing goes on; its prefix tells it from anything else.
const tokenPrefix = "1:"

var errToken = dps.Errorf(dps.CodeInvalid, "page token is none that a listing gave")

func encodeToken(key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(tokenPrefix + key))
}

func decodeToken(token string) (string, error) {
	if token == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	key, ours := strings.CutPrefix(string(raw), tokenPrefix)
	if err != nil || !ours || len(key) >= maxSortKey {
		return "", errToken
	}
	return key, nil
}
