package rest

import (
	"context"
	"slices"

	"dps/shared/dps"
)

// filter is a condition that an object may meet.
type filter[T any] func(T) bool

// combine makes one of all filters of a request. plgd's clients get what meets any of them, as plgd has it; new clients what
// meets all. No filter lets everything through.
func combine[T any](d dialect, filters []filter[T]) filter[T] {
	return func(v T) bool {
		if len(filters) == 0 {
			return true
		}
		for _, f := range filters {
			if f(v) != d.extended {
				return !d.extended
			}
		}
		return d.extended
	}
}

// in gives a filter for objects of which one of the values is among the wanted ones; none where nothing is wanted.
func in[T any](wanted []string, values func(T) []string) []filter[T] {
	if len(wanted) == 0 {
		return nil
	}
	set := make(map[string]bool, len(wanted))
	for _, w := range wanted {
		set[w] = true
	}
	return []filter[T]{func(v T) bool {
		for _, value := range values(v) {
			if set[value] {
				return true
			}
		}
		return false
	}}
}

// answerList answers a listing in the client's dialect.
func answerList[T any](x *exchange, list lister[T], id func(T) string, keep filter[T], wire func(T) any) (answer, error) {
	if !x.dialect.extended {
		return answer{stream: func(ctx context.Context, emit func(any) error) error {
			return list.each(ctx, func(v T) error {
				if !keep(v) {
					return nil
				}
				return emit(wire(v))
			})
		}}, nil
	}
	items, next, err := pageOf(x, list, id, keep)
	if err != nil {
		return answer{}, err
	}
	p := &page{next: next}
	for _, item := range items {
		p.items = append(p.items, wire(item))
	}
	return answer{page: p}, nil
}

// byIDOr gives the listing of the objects that the request names by id, where nothing else can pass its filter: they are read one
// by one, and at once as they were written. Else it gives the listing of all.
func byIDOr[T any](x *exchange, load func(ctx context.Context, id string) (T, error), all lister[T]) lister[T] {
	ids := x.query.all("idFilter")
	if len(ids) == 0 || !x.dialect.extended && len(x.query) > 1 {
		return all
	}
	return byID(ids, load)
}

// byID gives those of the objects that are there, in the order of their ids, as one page.
func byID[T any](ids []string, load func(ctx context.Context, id string) (T, error)) lister[T] {
	return func(ctx context.Context, _ dps.Page) ([]T, string, error) {
		var out []T
		for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
			v, err := load(ctx, id)
			switch {
			case err == nil:
				out = append(out, v)
			case dps.CodeOf(err) != dps.CodeNotFound:
				return nil, "", err
			}
		}
		return out, "", nil
	}
}
