package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// cursor goes through one partition of the index, in the order of ids.
type cursor struct {
	store    *Store
	ownerKey string
	after    string // the last id that was read
	size     int    // ids of one query
	ids      []string
	done     bool // nothing is behind ids
}

// fill asks for more ids where none are left.
func (c *cursor) fill(ctx context.Context) error {
	for len(c.ids) == 0 && !c.done {
		out, err := call(ctx, c.store.client.Query, c.query())
		if err != nil {
			return err
		}
		for _, it := range out.Items {
			c.after = stringOf(it[IDKey])
			c.ids = append(c.ids, c.after)
		}
		c.done = out.LastEvaluatedKey == nil
	}
	return nil
}

func (c *cursor) query() *dynamodb.QueryInput {
	in := &dynamodb.QueryInput{
		TableName: &c.store.table, IndexName: aws.String(IndexByOwner), Limit: aws.Int32(int32(c.size)), //nolint:gosec // a page's size
		KeyConditionExpression:    aws.String("ownerKey = :owner"),
		ExpressionAttributeValues: item{":owner": text(c.ownerKey)},
	}
	if c.after != "" {
		in.KeyConditionExpression = aws.String("ownerKey = :owner AND id > :after")
		in.ExpressionAttributeValues[":after"] = text(c.after)
	}
	return in
}

func (c *cursor) take() string {
	id := c.ids[0]
	c.ids = c.ids[1:]
	return id
}

// merged are cursors that are read as one.
type merged []*cursor

// least gives the cursor that has the least id, nil at the end of all.
func (m merged) least(ctx context.Context) (least *cursor, err error) {
	for _, c := range m {
		if err := c.fill(ctx); err != nil {
			return nil, err
		}
		if len(c.ids) > 0 && (least == nil || c.ids[0] < least.ids[0]) {
			least = c
		}
	}
	return least, nil
}
