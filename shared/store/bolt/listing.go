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
	prefix := ownerKey(owner, kind, "")
	after, err := decodeToken(p.Token)
	if err != nil {
		return nil, "", err
	}
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		return scan(tx.Bucket(bucketOwner), prefix, after, p.Limit(), &next, func(key string, _ []byte) error {
			v, found, err := get[T](tx, kind, key)
			if found {
				out = append(out, v)
			}
			return err
		})
	})
	return out, next, err
}

// scan visits at most limit keys under prefix behind after, and gives the next page's token where there are more.
func scan(b *bbolt.Bucket, prefix []byte, after string, limit int, next *string, visit func(key string, value []byte) error) error {
	c := b.Cursor()
	k, v := c.Seek(append(bytes.Clone(prefix), after...))
	if after != "" && k != nil && string(k) == string(prefix)+after {
		k, v = c.Next()
	}
	last := ""
	for n := 0; k != nil && bytes.HasPrefix(k, prefix); k, v = c.Next() {
		if n == limit {
			*next = encodeToken(last)
			return nil
		}
		last = string(k[len(prefix):])
		if err := visit(last, v); err != nil {
			return err
		}
		n++
	}
	return nil
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
