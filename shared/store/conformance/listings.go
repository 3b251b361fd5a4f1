package conformance

import (
	"context"
	"slices"
	"strings"
	"time"

	"dps/shared/dps"
)

// listing is one of the four listings, reduced to the keys of what it lists.
type listing struct {
	name string
	// fill makes n things of one new owner (for the audit: of one key) and gives both, the things in their order.
	fill func(f fixture, n int) (owner string, keys []string)
	list func(ctx context.Context, s dps.Store, owner string, p dps.Page) ([]string, string, error)
}

var listings = []listing{
	{"groups", fillGroups, listOf(dps.Store.ListGroups, func(g dps.EnrollmentGroup) string { return g.ID })},
	{"hubs", fillHubs, listOf(dps.Store.ListHubs, func(h dps.Hub) string { return h.ID })},
	{"records", fillRecords, listOf(dps.Store.ListRecords, func(r dps.Record) string { return r.ID })},
	{"found records", fillRecords, listOf(findAll, func(r dps.Record) string { return r.ID })},
	{"audit", fillAudit, listOf(dps.Store.ListAudit, func(e dps.AuditEntry) string { return e.Detail })},
}

func listOf[T any](list func(dps.Store, context.Context, string, dps.Page) ([]T, string, error), key func(T) string) func(context.Context, dps.Store, string, dps.Page) ([]string, string, error) {
	return func(ctx context.Context, s dps.Store, owner string, p dps.Page) ([]string, string, error) {
		things, next, err := list(s, ctx, owner, p)
		keys := make([]string, 0, len(things))
		for _, v := range things {
			keys = append(keys, key(v))
		}
		return keys, next, err
	}
}

var listingTests = []test{
	each("pages of every size add up to the whole, in order", func(f fixture, l listing) {
		owner, want := l.fill(f, 7)
		for _, size := range []int{1, 2, 3, 6, 7, 8, 0, -1, dps.MaxPageSize + 1} {
			f.same(f.walk(l, owner, size), want)
		}
	}),
	each("another owner's things do not exist", func(f fixture, l listing) {
		owner, _ := l.fill(f, 2)
		for _, other := range []string{newOwner(), "", owner + "\x00", owner[:len(owner)-1], owner + "x", strings.ToUpper(owner)} {
			keys, next, err := l.list(f.Context(), f.store, other, dps.Page{})
			f.must(err)
			if len(keys) > 0 || next != "" {
				f.Errorf("owner %q sees %v, token %q", other, keys, next)
			}
		}
	}),
	each("a token that no listing gave is invalid", func(f fixture, l listing) {
		owner, _ := l.fill(f, 2)
		for _, token := range []string{"x", "!", "AAAA", strings.Repeat("A", 1<<16)} {
			keys, next, err := l.list(f.Context(), f.store, owner, dps.Page{Token: token})
			f.wantCode(err, dps.CodeInvalid)
			if len(keys) > 0 || next != "" {
				f.Errorf("token %.9q lists %v, %q", token, keys, next)
			}
		}
	}),
	each("a listing goes on where it was, whatever was deleted meanwhile", func(f fixture, l listing) {
		if l.name == "audit" {
			return // append-only: nothing goes
		}
		owner, want := l.fill(f, 4)
		_, next, err := l.list(f.Context(), f.store, owner, dps.Page{Size: 2})
		f.must(err)
		f.delete(l, want[1])
		rest, _, err := l.list(f.Context(), f.store, owner, dps.Page{Token: next})
		f.must(err)
		f.same(rest, want[2:])
	}),
	{"no page is larger than the largest", func(f fixture) {
		owner, results := newOwner(), make([]dps.StepResult, dps.MaxPageSize+1)
		for i := range results {
			results[i] = newResult()
			results[i].Owner = owner
		}
		f.merge(results...)
		for _, size := range []int{0, -1, dps.MaxPageSize + 1, 1 << 40} {
			records, next, err := f.store.ListRecords(f.Context(), owner, dps.Page{Size: size})
			f.must(err)
			if len(records) > dps.MaxPageSize || next == "" {
				f.Errorf("size %d: %d records, token %q", size, len(records), next)
			}
		}
	}},
}

// each is a test of every listing.
func each(name string, run func(f fixture, l listing)) test {
	return test{name, func(f fixture) {
		for _, l := range listings {
			f.Log(l.name)
			run(f, l)
		}
	}}
}

// walk gives the keys of a whole listing, page by page.
func (f fixture) walk(l listing, owner string, size int) []string {
	f.Helper()
	all, p := []string{}, dps.Page{Size: size}
	for {
		keys, next, err := l.list(f.Context(), f.store, owner, p)
		f.must(err)
		if len(keys) > p.Limit() {
			f.Fatalf("%s: %d on a page of %d", l.name, len(keys), size)
		}
		all = append(all, keys...)
		if next == "" {
			return all
		}
		if next == p.Token {
			f.Fatalf("%s: the token %q leads to itself", l.name, next)
		}
		p.Token = next
	}
}

func (f fixture) delete(l listing, id string) {
	f.Helper()
	switch l.name {
	case "groups":
		f.must(f.store.DeleteGroup(f.Context(), id))
	case "hubs":
		f.must(f.store.DeleteHub(f.Context(), id))
	case "records":
		f.must(f.store.DeleteRecord(f.Context(), id))
	}
}

func fillGroups(f fixture, n int) (owner string, ids []string) {
	owner = newOwner()
	for range n {
		g := f.group(f.named())
		g.Owner = owner
		ids = append(ids, f.putGroup(g).ID)
	}
	slices.Sort(ids)
	return owner, ids
}

func fillHubs(f fixture, n int) (owner string, ids []string) {
	owner = newOwner()
	for range n {
		h := f.hub()
		h.Owner = owner
		ids = append(ids, f.putHub(h).ID)
	}
	slices.Sort(ids)
	return owner, ids
}

func fillRecords(f fixture, n int) (owner string, ids []string) {
	owner = newOwner()
	for range n {
		r := newResult()
		r.Owner = owner
		f.merge(r)
		ids = append(ids, r.RecordID)
	}
	slices.Sort(ids)
	return owner, ids
}

func fillAudit(f fixture, n int) (recordID string, details []string) {
	recordID = dps.NewUUID()
	for i := range n {
		e := newEntry(recordID, start.Add(time.Duration(i)*time.Second))
		e.Detail = string(rune('a' + i))
		f.append(e)
		details = append(details, e.Detail)
	}
	return recordID, details
}
