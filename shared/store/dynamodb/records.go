package dynamodb

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"golang.org/x/sync/errgroup"

	"dps/shared/dps"
)

// maxMerges bounds the records of a batch that are merged at once.
const maxMerges = 16

// MergeResults implements dps.RecordStore: the results of each record are folded into one read and one write. Where one
// record fails the others are written all the same; the batch may come again.
func (s *Store) MergeResults(ctx context.Context, results []dps.StepResult) (int, error) {
	byRecord := make(map[string][]dps.StepResult)
	for i, r := range results {
		if err := r.Storable(); err != nil {
			return 0, dps.Errorf(dps.CodeInvalid, "results[%d].%w", i, err)
		}
		if year := r.Time.UTC().Year(); year < 0 || year > 9999 { // else the others would be stored before it is found
			return 0, dps.Errorf(dps.CodeInvalid, "results[%d].time: year %d is outside 0 to 9999: check the clock it is from", i, year)
		}
		byRecord[r.RecordID] = append(byRecord[r.RecordID], r)
	}
	var group errgroup.Group
	group.SetLimit(maxMerges)
	changes := make(chan int, len(byRecord))
	for id, results := range byRecord {
		group.Go(func() error {
			n, err := s.mergeRecord(ctx, id, results)
			changes <- n
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return 0, err
	}
	close(changes)
	total := 0
	for n := range changes {
		total += n
	}
	return total, nil
}

// mergeRecord reads, merges and writes, and again with what stands where somebody else was quicker. The read may be late:
// the write's condition finds out.
func (s *Store) mergeRecord(ctx context.Context, id string, results []dps.StepResult) (changed int, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	standing, err := s.get(ctx, kindRecord.key(id), eventually)
	for attempt := 1; err == nil; attempt++ {
		var rec dps.Record
		if rec, err = decodeRecord(standing); err != nil {
			return 0, err
		}
		if changed = fold(&rec, results); changed == 0 {
			return 0, nil
		}
		var stored bool
		if standing, stored, err = s.replaceRecord(ctx, rec, standing); stored || err != nil {
			return changed, err
		}
		if !pause(ctx, backoff.Delay(attempt)) {
			return 0, dps.Errorf(dps.CodeUnavailable, "provisioning record %s changes faster than it can be merged", id)
		}
	}
	return 0, err
}

// fold merges the results and tells how many changed the record.
func fold(rec *dps.Record, results []dps.StepResult) (changed int) {
	for _, r := range results {
		if rec.Merge(r) {
			changed++
		}
	}
	return changed
}

// replaceRecord writes the record over the item it was made from, nil being none. Where that is no longer what is stored, it
// gives what is.
func (s *Store) replaceRecord(ctx context.Context, rec dps.Record, old item) (standing item, stored bool, err error) {
	it, err := encodeRecord(rec)
	if err != nil {
		return nil, false, err
	}
	in := &dynamodb.PutItemInput{
		TableName: &s.table, Item: it, ConditionExpression: aws.String("attribute_not_exists(PK)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	if old != nil {
		in.ConditionExpression = aws.String("revision = :read")
		in.ExpressionAttributeValues = item{":read": old[revision]}
	}
	_, err = call(ctx, s.client.PutItem, in)
	var other *types.ConditionalCheckFailedException
	switch {
	case !errors.As(err, &other):
		return nil, err == nil, err
	case stringOf(other.Item[revision]) == stringOf(it[revision]):
		return nil, true, nil // an attempt had succeeded, its answer was lost
	case len(other.Item) == 0:
		return nil, false, nil // deleted meanwhile
	}
	return other.Item, false, nil
}

// Record implements dps.RecordStore.
func (s *Store) Record(ctx context.Context, id string) (dps.Record, error) {
	return read(ctx, s, kindRecord, id, decodeRecord)
}

// DeleteRecord implements dps.RecordStore.
func (s *Store) DeleteRecord(ctx context.Context, id string) error {
	return s.remove(ctx, kindRecord, id)
}

// ListRecords implements dps.RecordStore.
func (s *Store) ListRecords(ctx context.Context, owner string, p dps.Page) ([]dps.Record, string, error) {
	return list(ctx, s, kindRecord, owner, p, decodeRecord)
}
