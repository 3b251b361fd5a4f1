package rest

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"dps/functions/api/rest/plgd"
	"dps/shared/dps"
)

func wireRecord(r dps.Record) any { return plgd.RecordOf(r) }

func recordID(r dps.Record) string { return r.ID }

func (a *api) listRecords(x *exchange) (answer, error) {
	keep, err := recordFilter(x)
	if err != nil {
		return answer{}, err
	}
	return answerList(x, a.recordsFor(x), recordID, keep, wireRecord)
}

// recordsFor lists the records that the filter may let through.
func (a *api) recordsFor(x *exchange) lister[dps.Record] {
	return named(x, func(ctx context.Context, id string) (dps.Record, error) { return a.record(ctx, x.owner(), id) },
		func(ctx context.Context, p dps.Page) ([]dps.Record, string, error) {
			return a.Store.ListRecords(ctx, x.owner(), p)
		})
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

func recordFilter(x *exchange) (filter[dps.Record], error) {
	q := x.query
	filters := in(q.all("idFilter"), func(r dps.Record) []string { return []string{r.ID} })
	filters = append(filters, in(q.all("deviceIdFilter"), func(r dps.Record) []string { return []string{r.DeviceID} })...)
	filters = append(filters, in(q.all("enrollmentGroupIdFilter"), func(r dps.Record) []string { return []string{r.GroupID} })...)
	filters = append(filters, in(q.all("state"), func(r dps.Record) []string { return []string{plgd.StateOf(r)} })...)
	for _, bound := range []struct {
		name   string
		passes func(updated, bound time.Time) bool
	}{
		{"updatedAfter", func(u, b time.Time) bool { return !u.Before(b) }},
		{"updatedBefore", func(u, b time.Time) bool { return u.Before(b) }},
	} {
		value := q.one(bound.name)
		if value == "" {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, value)
		if err != nil {
			return nil, dps.Errorf(dps.CodeInvalid, "%s: want a time as in 2026-01-31T12:00:00Z", bound.name)
		}
		filters = append(filters, func(r dps.Record) bool { return bound.passes(r.Updated, at) })
	}
	if text := strings.ToLower(q.one("search")); text != "" {
		filters = append(filters, func(r dps.Record) bool { return mentions(r, text) })
	}
	return combine(x.dialect, filters), nil
}

// mentions tells whether the text, in small letters, is part of what people know a device by.
func mentions(r dps.Record, text string) bool {
	known := []string{r.ID, r.DeviceID}
	if s := r.Steps[dps.StepAttestation]; s.Attestation != nil {
		known = append(known, s.Attestation.CommonName)
	}
	return slices.ContainsFunc(known, func(s string) bool { return strings.Contains(strings.ToLower(s), text) })
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

// deleteRecords deletes what passes the filter, all of the owner's where there is none, as plgd has it.
func (a *api) deleteRecords(x *exchange) (answer, error) {
	keep, err := recordFilter(x)
	if err != nil {
		return answer{}, err
	}
	n := int64(0)
	err = a.recordsFor(x).each(x.ctx(), func(r dps.Record) error {
		if !keep(r) {
			return nil
		}
		n++
		return a.Store.DeleteRecord(x.ctx(), r.ID)
	})
	return answer{object: plgd.Deleted{Count: n}}, err
}
