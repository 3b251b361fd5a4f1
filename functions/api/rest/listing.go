package rest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"

	"dps/shared/dps"
)

// Bounds on a page.
const (
	defaultPage = 100
	// maxExamined bounds how many objects one answer looks at: a filter that few objects pass gives a page that is not full, or
	// empty, and a token to go on with.
	maxExamined = 1000
)

// lister gives pages of something, ordered by id.
type lister[T any] func(ctx context.Context, p dps.Page) ([]T, string, error)

// each visits everything.
func (l lister[T]) each(ctx context.Context, visit func(T) error) error {
	for token := ""; ; {
		items, next, err := l(ctx, dps.Page{Token: token})
		if err != nil {
			return err
		}
		for _, item := range items {
			if err := visit(item); err != nil {
				return err
			}
		}
		if next == "" {
			return nil
		}
		token = next
	}
}

// position is a place in a filtered listing: the store's page, and the last object that was looked at in it. It is bound to the
// filter, so that it cannot be used with another.
type position struct {
	Token  string `json:"t,omitempty"`
	After  string `json:"a,omitempty"`
	Filter string `json:"f"`
}

var errToken = dps.Errorf(dps.CodeInvalid, "pageToken: is none that this listing gave with these filters; start again without it")

// pageOf gives the page that the request asks for.
func pageOf[T any](x *exchange, list lister[T], id func(T) string, keep func(T) bool) ([]T, string, error) {
	size, err := pageSize(x.query)
	if err != nil {
		return nil, "", err
	}
	at, err := positionOf(x.query)
	if err != nil {
		return nil, "", err
	}
	chunk := maxExamined / 4
	if !filtered(x.query) {
		chunk = size // what is read is given
	}
	var out []T
	for examined := 0; ; {
		items, next, err := list(x.ctx(), dps.Page{Size: chunk, Token: at.Token})
		if err != nil {
			return nil, "", badToken(err, at.Token)
		}
		for i, item := range items {
			if at.After != "" && id(item) <= at.After {
				continue
			}
			examined++
			if keep(item) {
				out = append(out, item)
			}
			if len(out) < size && examined < maxExamined {
				continue
			}
			at.After = id(item)
			if i == len(items)-1 { // the store's page ends here, too
				at.Token, at.After = next, ""
			}
			return out, at.encode(), nil
		}
		if next == "" {
			return out, "", nil
		}
		at.Token, at.After = next, ""
	}
}

func badToken(err error, token string) error {
	if token != "" && dps.CodeOf(err) == dps.CodeInvalid {
		return errToken
	}
	return err
}

func pageSize(q query) (int, error) {
	s := q.one("pageSize")
	if s == "" {
		return defaultPage, nil
	}
	n, err := strconv.Atoi(s)
	if err != nil || n < 1 || n > dps.MaxPageSize {
		return 0, dps.Errorf(dps.CodeInvalid, "pageSize: want 1 to %d", dps.MaxPageSize)
	}
	return n, nil
}

func positionOf(q query) (position, error) {
	here := position{Filter: fingerprint(q)}
	s := q.one("pageToken")
	if s == "" {
		return here, nil
	}
	var at position
	data, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil || json.Unmarshal(data, &at) != nil || at.Filter != here.Filter {
		return position{}, errToken
	}
	return at, nil
}

// encode gives "" at the end of the listing.
func (p position) encode() string {
	if p.Token == "" && p.After == "" {
		return ""
	}
	data, _ := json.Marshal(p) // three texts always can be
	return base64.RawURLEncoding.EncodeToString(data)
}

// filtered tells whether the query names anything but a page.
func filtered(q query) bool {
	for name := range q {
		if name != "pageSize" && name != "pageToken" {
			return true
		}
	}
	return false
}

// fingerprint tells filters apart, whatever their order.
func fingerprint(q query) string {
	filters := make(url.Values, len(q))
	for name, values := range q {
		if name != "pageSize" && name != "pageToken" {
			filters[name] = slices.Sorted(slices.Values(values))
		}
	}
	h := sha256.Sum256([]byte(filters.Encode()))
	return base64.RawURLEncoding.EncodeToString(h[:6])
}
