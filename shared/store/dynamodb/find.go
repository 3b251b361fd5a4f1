package dynamodb

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"dps/shared/dps"
)

const (
	// maxExamined bounds how many index entries one page looks at: where few of them pass, the page is short, and a token goes on.
	maxExamined = 2000
	// maxGroupQueries is up to how many groups are asked each by itself; of more the owner's records are looked through.
	maxGroupQueries = 4
	highest         = "\U0010FFFF" // behind every name, as far as DynamoDB orders
)

// FindRecords implements dps.RecordStore, by the index that fits the query. An index may be a moment late: what it finds is held
// to the query once more.
func (s *Store) FindRecords(ctx context.Context, q dps.RecordQuery, p dps.Page) ([]dps.Record, string, error) {
	place, err := q.Place(p.Token)
	if err != nil || !isKey(q.Owner) {
		return nil, "", err
	}
	switch {
	case len(q.DeviceIDs) > 0:
		return s.findDevices(ctx, q, place, p.Limit())
	case q.Prefix != "":
		return s.findPrefix(ctx, q, place, p.Limit())
	default:
		return s.findLatest(ctx, q, place, p.Limit())
	}
}

// findLatest goes through records from the latest change on. The place is a key of the index.
func (s *Store) findLatest(ctx context.Context, q dps.RecordQuery, place string, limit int) ([]dps.Record, string, error) {
	rs := s.latest(q, place, limit)
	if err := rs.begin(ctx); err != nil {
		return nil, "", err
	}
	return s.collect(ctx, q, rs, limit, "", func(rec dps.Record) bool { return q.Matches(rec.Summary()) })
}

// latest are the partitions where the records may be, behind the place.
func (s *Store) latest(q dps.RecordQuery, place string, limit int) ranges {
	states := q.States
	if len(states) == 0 {
		states = dps.RecordStates()
	}
	groups := slices.Compact(slices.Sorted(slices.Values(q.GroupIDs)))
	var rs ranges
	for _, state := range slices.Compact(slices.Sorted(slices.Values(states))) {
		for shard := range indexShards {
			if len(groups) == 0 || len(groups) > maxGroupQueries {
				rs = append(rs, &ranged{index: IndexByTime, keyName: TimeKey, key: timeKey(q.Owner, state, shard)})
				continue
			}
			for _, g := range groups {
				rs = append(rs, &ranged{index: IndexByGroup, keyName: GroupKey, key: groupKey(q.Owner, g, state, shard)})
			}
		}
	}
	from, until := "0", "9#" // all digits are between
	if !q.UpdatedBefore.IsZero() {
		from = turned(q.UpdatedBefore) + "$" // behind "#id" of that very moment
	}
	if !q.UpdatedFrom.IsZero() {
		until = turned(q.UpdatedFrom) + "$"
	}
	for _, r := range rs {
		r.store, r.sortName, r.after, r.from, r.until, r.size = s, TimeSort, place, from, until, share(limit, len(rs))
	}
	return rs
}

// collect reads the records that the entries name, those that keep lets through, until the page is full, in number or in bytes, or
// enough was looked at. Places in the token begin with source.
func (s *Store) collect(ctx context.Context, q dps.RecordQuery, rs ranges, limit int, source string, keep func(dps.Record) bool) (out []dps.Record, next string, err error) {
	size, last := 0, ""
	for examined := 0; ; {
		ids, places, err := s.chunk(ctx, rs, min(limit-len(out), maxBatch))
		if err != nil || len(ids) == 0 {
			return out, "", err
		}
		items, err := s.batch(ctx, kindRecord, slices.Compact(slices.Sorted(slices.Values(ids))), eventually)
		if err != nil {
			return nil, "", err
		}
		for i, id := range ids {
			last = places[i]
			it := items[id]
			if it == nil || !kindRecord.isOwners(it, q.Owner) {
				continue // deleted or given away, which the index does not know yet
			}
			rec, err := decodeRecord(it)
			if err != nil {
				return nil, "", err
			}
			if keep(rec) {
				out, size = append(out, rec), size+itemSize(it)
			}
		}
		if examined += len(ids); len(out) >= limit || size >= maxPageBytes || examined >= maxExamined {
			return out, q.Token(source + last), nil
		}
	}
}

// chunk gives the next entries' record ids, and their places.
func (s *Store) chunk(ctx context.Context, rs ranges, n int) (ids, places []string, err error) {
	for range n {
		entry, place, err := rs.next(ctx)
		if err != nil {
			return nil, nil, err
		}
		if entry == nil {
			break
		}
		ids, places = append(ids, kindRecord.id(entry)), append(places, place)
	}
	return ids, places, nil
}

// findDevices looks each device up. A device id has a record or two, so that all are read and put into order.
func (s *Store) findDevices(ctx context.Context, q dps.RecordQuery, place string, limit int) ([]dps.Record, string, error) {
	after, err := dps.ParsePosition(place)
	if err != nil {
		return nil, "", err
	}
	var found []dps.Record
	var rs ranges
	for _, id := range slices.Compact(slices.Sorted(slices.Values(q.DeviceIDs))) {
		name := foldName(id)
		rs = append(rs, &ranged{
			store: s, index: IndexByDevice, keyName: DeviceKey, sortName: DeviceSort, key: deviceKey(q.Owner, shardOf(name)),
			from: name + "#", until: name + "$", size: maxBatch,
		})
	}
	if err := rs.begin(ctx); err != nil {
		return nil, "", err
	}
	seen := make(map[string]bool)
	unseen := func(rec dps.Record) bool {
		fresh := !seen[rec.ID] && q.Matches(rec.Summary())
		seen[rec.ID] = true
		return fresh
	}
	for more := true; more; {
		page, next, err := s.collect(ctx, q, rs, dps.MaxPageSize, "", unseen)
		if err != nil {
			return nil, "", err
		}
		found, more = append(found, page...), next != ""
	}
	slices.SortFunc(found, func(a, b dps.Record) int { return a.Summary().Position().Compare(b.Summary().Position()) })
	if !after.IsZero() {
		found = slices.DeleteFunc(found, func(rec dps.Record) bool { return rec.Summary().Position().Compare(after) <= 0 })
	}
	if len(found) <= limit {
		return found, "", nil
	}
	return found[:limit], q.Token(found[limit-1].Summary().Position().Place()), nil
}

// findPrefix goes through three indexes, one after the other: record ids, device ids, common names. What an earlier one finds, a
// later one leaves out. The place is "index:key".
func (s *Store) findPrefix(ctx context.Context, q dps.RecordQuery, place string, limit int) ([]dps.Record, string, error) {
	prefix := foldName(q.Prefix)
	number, after, _ := strings.Cut(place, ":")
	first, _ := strconv.Atoi(number) // a token that is no number's was never given
	var out []dps.Record
	for n := first; n < prefixIndexes; n++ {
		rs := s.named(n, q.Owner, prefix, after, limit)
		if err := rs.begin(ctx); err != nil {
			return nil, "", err
		}
		page, next, err := s.collect(ctx, q, rs, limit-len(out), strconv.Itoa(n)+":", func(rec dps.Record) bool {
			return foundBy(rec, prefix) == n && q.Matches(rec.Summary())
		})
		if err != nil {
			return nil, "", err
		}
		out, after = append(out, page...), ""
		switch {
		case next != "":
			return out, next, nil
		case len(out) == limit && n+1 < prefixIndexes:
			return out, q.Token(strconv.Itoa(n+1) + ":"), nil
		}
	}
	return out, "", nil
}

// prefixIndexes are those of record ids, device ids and common names.
const prefixIndexes = 3

// named are the partitions of one of them, from the prefix on.
func (s *Store) named(n int, owner, prefix, after string, limit int) ranges {
	var rs ranges
	switch n {
	case 0:
		for _, key := range kindRecord.ownerKeys(owner) {
			rs = append(rs, &ranged{index: IndexByOwner, keyName: OwnerKey, sortName: IDKey, key: key})
		}
	case 1:
		for shard := range indexShards {
			rs = append(rs, &ranged{index: IndexByDevice, keyName: DeviceKey, sortName: DeviceSort, key: deviceKey(owner, shard)})
		}
	default:
		for shard := range indexShards {
			rs = append(rs, &ranged{index: IndexByName, keyName: NameKey, sortName: NameSort, key: nameKey(owner, shard)})
		}
	}
	for _, r := range rs {
		r.store, r.after, r.from, r.until, r.size = s, after, prefix, prefix+highest, share(limit, len(rs))
	}
	return rs
}

// foundBy gives the first index that finds the record by the prefix.
func foundBy(rec dps.Record, prefix string) int {
	s := rec.Summary()
	for n, name := range []string{s.ID, s.DeviceID, s.CommonName} {
		if strings.HasPrefix(foldName(name), prefix) {
			return n
		}
	}
	return prefixIndexes
}
