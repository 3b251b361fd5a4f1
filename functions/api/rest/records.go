package rest

import (
	"context"
	"net/http"
	"time"

	"dps/functions/api/rest/plgd"
	"dps/shared/dps"
)

func wireRecord(r dps.Record) any { return plgd.RecordOf(r) }

func recordID(r dps.Record) string { return r.ID }

// listRecords lists what meets the filter, for new clients the latest change first.
func (a *api) listRecords(x *exchange) (answer, error) {
	if !x.dialect.extended {
		return answerList(x, a.anyOf(x), recordID, anyFilter(x), wireRecord)
	}
	q, err := recordQuery(x)
	if err != nil {
		return answer{}, err
	}
	if len(x.query.all("idFilter")) > 0 {
		return answerList(x, a.namedRecords(x), recordID, func(r dps.Record) bool { return q.Matches(r.Summary()) }, wireRecord)
	}
	return a.findRecords(x, q)
}

// findRecords answers a page of the store's.
func (a *api) findRecords(x *exchange, q dps.RecordQuery) (answer, error) {
	size, err := pageSize(x.query)
	if err != nil {
		return answer{}, err
	}
	token := x.query.one("pageToken")
	records, next, err := a.Store.FindRecords(x.ctx(), q, dps.Page{Size: size, Token: token})
	if err != nil {
		return answer{}, badToken(err, token)
	}
	p := &page{next: next}
	for _, r := range records {
		p.items = append(p.items, wireRecord(r))
	}
	return answer{page: p}, nil
}

// recordQuery is the filter of new clients: all of its parts must be met.
func recordQuery(x *exchange) (dps.RecordQuery, error) {
	q := dps.RecordQuery{
		Owner: x.owner(), GroupIDs: x.query.all("enrollmentGroupIdFilter"), DeviceIDs: x.query.all("deviceIdFilter"), Prefix: x.query.one("search"),
	}
	if q.Prefix != "" {
		if err := dps.CheckKey("search", q.Prefix); err != nil {
			return q, err
		}
	}
	for _, state := range x.query.all("state") {
		q.States = append(q.States, dps.RecordState(state))
	}
	for _, bound := range []struct {
		name string
		at   *time.Time
	}{{"updatedAfter", &q.UpdatedFrom}, {"updatedBefore", &q.UpdatedBefore}} {
		value := x.query.one(bound.name)
		if value == "" {
			continue
		}
		var err error
		if *bound.at, err = time.Parse(time.RFC3339Nano, value); err != nil {
			return q, dps.Errorf(dps.CodeInvalid, "%s: want a time as in 2026-01-31T12:00:00Z", bound.name)
		}
	}
	return q, nil
}

// anyFilter is plgd's: any of its parts is enough.
func anyFilter(x *exchange) filter[dps.Record] {
	q := x.query
	filters := in(q.all("idFilter"), func(r dps.Record) []string { return []string{r.ID} })
	filters = append(filters, in(q.all("deviceIdFilter"), func(r dps.Record) []string { return []string{r.DeviceID} })...)
	filters = append(filters, in(q.all("enrollmentGroupIdFilter"), func(r dps.Record) []string { return []string{r.GroupID} })...)
	return combine(x.dialect, filters)
}

// anyOf lists the records that anyFilter may let through: by an index where one kind of filter is given.
func (a *api) anyOf(x *exchange) lister[dps.Record] {
	devices, groups := x.query.all("deviceIdFilter"), x.query.all("enrollmentGroupIdFilter")
	q := dps.RecordQuery{Owner: x.owner(), DeviceIDs: devices, GroupIDs: groups}
	switch {
	case len(x.query) == 1 && len(x.query.all("idFilter")) > 0:
		return a.namedRecords(x)
	case len(x.query) == 1 && len(devices)+len(groups) > 0:
		return func(ctx context.Context, p dps.Page) ([]dps.Record, string, error) {
			return a.Store.FindRecords(ctx, q, p)
		}
	default:
		return func(ctx context.Context, p dps.Page) ([]dps.Record, string, error) {
			return a.Store.ListRecords(ctx, x.owner(), p)
		}
	}
}

// namedRecords are those that the request names by id.
func (a *api) namedRecords(x *exchange) lister[dps.Record] {
	return byID(x.query.all("idFilter"), func(ctx context.Context, id string) (dps.Record, error) { return a.record(ctx, x.owner(), id) })
}

// record gives the owner's record. Errors: CodeNotFound also where it is another owner's.
func (a *api) record(ctx context.Context, owner, id string) (dps.Record, error) {
	missing := dps.Errorf(dps.CodeNotFound, "provisioning record %.100q does not exist", id)
	if dps.CheckKey("id", id) != nil {
		return dps.Record{}, missing
	}
	r, err := a.Store.Record(ctx, id)
	if dps.CodeOf(err) == dps.CodeNotFound || err == nil && r.Owner != owner {
		return dps.Record{}, missing
	}
	return r, err
}

func (a *api) getRecord(x *exchange) (answer, error) {
	r, err := a.record(x.ctx(), x.owner(), x.id())
	return answer{object: wireRecord(r)}, err
}

func (a *api) deleteRecord(x *exchange) (answer, error) {
	r, err := a.record(x.ctx(), x.owner(), x.id())
	if err != nil {
		return answer{}, err
	}
	if err := a.Store.DeleteRecord(x.ctx(), r.ID); err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusNoContent}, nil
}

// deleteRecords deletes what passes the filter, all of the owner's where there is none, as plgd has it. Ids are gathered first: a
// listing does not go on where it was when what it found is gone.
func (a *api) deleteRecords(x *exchange) (answer, error) {
	keep, list := anyFilter(x), a.anyOf(x)
	if x.dialect.extended {
		q, err := recordQuery(x)
		if err != nil {
			return answer{}, err
		}
		keep = func(r dps.Record) bool { return q.Matches(r.Summary()) }
		if list = a.namedRecords(x); len(x.query.all("idFilter")) == 0 {
			list = func(ctx context.Context, p dps.Page) ([]dps.Record, string, error) {
				return a.Store.FindRecords(ctx, q, p)
			}
		}
	}
	var doomed []string
	err := list.each(x.ctx(), func(r dps.Record) error {
		if keep(r) {
			doomed = append(doomed, r.ID)
		}
		return nil
	})
	if err != nil {
		return answer{}, err
	}
	for _, id := range doomed {
		if err := a.Store.DeleteRecord(x.ctx(), id); err != nil {
			return answer{}, err
		}
	}
	return answer{object: plgd.Deleted{Count: int64(len(doomed))}}, nil
}
