package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"golang.org/x/sync/errgroup"
)

// ranged goes through a range of one partition of an index, in its order.
type ranged struct {
	store                    *Store
	index, keyName, sortName string
	key                      string
	after, from, until       string // after "" is nothing; from and until are part of the range
	size                     int    // entries of one query
	entries                  []item
	done                     bool // nothing is behind entries
}

// fill asks for more entries where none are left.
func (r *ranged) fill(ctx context.Context) error {
	for len(r.entries) == 0 && !r.done {
		out, err := call(ctx, r.store.client.Query, r.query())
		if err != nil {
			return err
		}
		r.entries, r.done = out.Items, out.LastEvaluatedKey == nil
		if n := len(out.Items); n > 0 {
			r.after = stringOf(out.Items[n-1][r.sortName])
		}
	}
	return nil
}

func (r *ranged) query() *dynamodb.QueryInput {
	from := r.from
	if r.after != "" {
		from = max(from, r.after+"\x00") // the least that is behind it
	}
	if from > r.until { // DynamoDB refuses such a range; the last query went to its end
		from = r.until
	}
	return &dynamodb.QueryInput{
		TableName: &r.store.table, IndexName: &r.index, Limit: aws.Int32(int32(r.size)), //nolint:gosec // a page's size
		KeyConditionExpression:    aws.String("#k = :key AND #s BETWEEN :from AND :until"),
		ExpressionAttributeNames:  map[string]string{"#k": r.keyName, "#s": r.sortName},
		ExpressionAttributeValues: item{":key": text(r.key), ":from": text(from), ":until": text(r.until)},
	}
}

func (r *ranged) head() string { return stringOf(r.entries[0][r.sortName]) }

// ranges are read as one, in order.
type ranges []*ranged

// begin asks all of them at once, at most maxQueries at a time.
func (rs ranges) begin(ctx context.Context) error {
	var group errgroup.Group
	group.SetLimit(maxQueries)
	for _, r := range rs {
		group.Go(func() error { return r.fill(ctx) })
	}
	return group.Wait()
}

// next takes the entry that comes first, nil at the end of all.
func (rs ranges) next(ctx context.Context) (entry item, sort string, err error) {
	var first *ranged
	for _, r := range rs {
		if err := r.fill(ctx); err != nil {
			return nil, "", err
		}
		if len(r.entries) > 0 && (first == nil || r.head() < first.head()) {
			first = r
		}
	}
	if first == nil {
		return nil, "", nil
	}
	entry, sort = first.entries[0], first.head()
	first.entries = first.entries[1:]
	return entry, sort, nil
}

// share is how many entries are asked of each of n partitions at once: its share of what is wanted and some more, as shares vary.
func share(wanted, n int) int {
	const some = 4
	return wanted/n*3/2 + some
}
