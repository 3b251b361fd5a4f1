package bolt

import (
	"container/heap"
	"context"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"dps/shared/dps"
)

// FindRecords implements dps.RecordStore: one pass over the owner's summaries, which keeps the first of what it finds, and then
// reads those records.
func (s *Store) FindRecords(ctx context.Context, q dps.RecordQuery, p dps.Page) (out []dps.Record, next string, err error) {
	place, err := q.Place(p.Token)
	if err != nil {
		return nil, "", err
	}
	after, err := dps.ParsePosition(place)
	if err != nil {
		return nil, "", err
	}
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		first := firsts{limit: p.Limit() + 1} // one more tells whether there are more
		outside := func(state dps.RecordState, updated time.Time) bool {
			return len(q.States) > 0 && !slices.Contains(q.States, state) || !after.IsZero() && updated.After(after.Updated) || first.full() && updated.Before(first.kept[0].Updated)
		}
		err := summaries(tx, q.Owner, outside, func(s dps.RecordSummary) bool {
			if at := s.Position(); (after.IsZero() || after.Compare(at) < 0) && q.Matches(s) {
				first.add(at)
			}
			return ctx.Err() == nil
		})
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		out, next, err = readFound(tx, q, first.sorted(), p.Limit())
		return err
	})
	return out, next, err
}

// readFound reads records until the page is full, in number or in bytes.
func readFound(tx *bbolt.Tx, q dps.RecordQuery, found []dps.RecordPosition, limit int) (out []dps.Record, next string, err error) {
	size := 0
	for i, at := range found {
		if len(out) == limit || size >= maxPageBytes {
			return out, q.Token(found[i-1].Place()), nil
		}
		size += len(tx.Bucket(bucketRecords).Get([]byte(at.ID)))
		rec, there, err := get[dps.Record](tx, bucketRecords, at.ID)
		if err != nil {
			return nil, "", err
		}
		if there {
			out = append(out, rec)
		}
	}
	return out, "", nil
}

// SummarizeRecords implements dps.RecordStore.
func (s *Store) SummarizeRecords(ctx context.Context, owner string, visit func(dps.RecordSummary) bool) error {
	return s.view(ctx, func(tx *bbolt.Tx) error {
		if err := summaries(tx, owner, nil, func(s dps.RecordSummary) bool { return ctx.Err() == nil && visit(s) }); err != nil {
			return err
		}
		return ctx.Err()
	})
}

// firsts keeps the first positions of those that are added, at most limit.
type firsts struct {
	limit int
	kept  lasts
}

func (f *firsts) add(p dps.RecordPosition) {
	switch {
	case !f.full():
		heap.Push(&f.kept, p)
	case p.Compare(f.kept[0]) < 0:
		f.kept[0] = p
		heap.Fix(&f.kept, 0)
	}
}

func (f *firsts) full() bool { return len(f.kept) == f.limit }

func (f *firsts) sorted() []dps.RecordPosition {
	slices.SortFunc(f.kept, dps.RecordPosition.Compare)
	return f.kept
}

// lasts is a heap with the last position on top.
type lasts []dps.RecordPosition

// Len implements heap.Interface.
func (l lasts) Len() int { return len(l) }

// Less implements heap.Interface.
func (l lasts) Less(i, j int) bool { return l[i].Compare(l[j]) > 0 }

// Swap implements heap.Interface.
func (l lasts) Swap(i, j int) { l[i], l[j] = l[j], l[i] }

// Push implements heap.Interface.
func (l *lasts) Push(x any) {
	if p, ok := x.(dps.RecordPosition); ok {
		*l = append(*l, p)
	}
}

// Pop implements heap.Interface.
func (l *lasts) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}
