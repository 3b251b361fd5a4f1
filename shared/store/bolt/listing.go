package bolt

import (
	"bytes"
	"context"
	"encoding/base64"
	"strings"

	"go.etcd.io/bbolt"

	"dps/shared/dps"
)

// ownerKey orders an owner's objects of a kind by id.
func ownerKey(owner string, kind []byte, id string) []byte {
	return []byte(owner + separator + string(kind) + separator + id)
}

// list gives a page of the owner's objects of a kind, in the order of their ids. The token is the last id given.
func list[T any](ctx context.Context, s *Store, kind []byte, owner string, p dps.Page) (out []T, next string, err error) {
	after, err := decodeToken(p.Token)
	if err != nil {
		return nil, "", err
	}
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		next, err = scan(tx.Bucket(bucketOwner), ownerKey(owner, kind, ""), after, p.Limit(), func(id string, _ []byte) (int, error) {
			data := tx.Bucket(kind).Get([]byte(id))
			v, found, err := get[T](tx, kind, id)
			if found {
				out = append(out, v)
			}
			return len(data), err
		})
		return err
	})
	return out, next, err
}

// maxPageBytes ends a page early where its objects are large: what one answer costs is bounded in bytes, too.
const maxPageBytes = 4 << 20

// scan visits keys under prefix behind after until limit keys or maxPageBytes, by what visit says each is worth, are reached,
// and gives the next page's token where there are more.
func scan(b *bbolt.Bucket, prefix []byte, after string, limit int, visit func(key string, value []byte) (int, error)) (next string, err error) {
	c := b.Cursor()
	k, v := c.Seek(append(bytes.Clone(prefix), after...))
	if after != "" && k != nil && string(k) == string(prefix)+after {
		k, v = c.Next()
	}
	last, size := "", 0
	for n := 0; k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		if n == limit || size >= maxPageBytes {
			return encodeToken(last), nil
		}
		last = string(k[len(prefix):])
		worth, err := visit(last, v)
		if err != nil {
			return "", err
		}
		n, size = n+1, size+worth
	}
	return "", nil
}

// A token says where a listing goes on; its prefix tells it from anything else.
const tokenPrefix = "1:"

func encodeToken(key string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(tokenPrefix + key))
}

func decodeToken(token string) (string, error) {
	if token == "" {
		return "", nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(token)
	if err != nil || !strings.HasPrefix(string(raw), tokenPrefix) {
		return "", dps.Errorf(dps.CodeInvalid, "page token is none that a listing gave")
	}
	return strings.TrimPrefix(string(raw), tokenPrefix), nil
}
