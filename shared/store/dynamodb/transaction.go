package dynamodb

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dps/shared/dps"
)

// write is one write of a transaction.
type write struct {
	types.TransactWriteItem
	refusal error // what its failed condition means; nil where it has none
}

// put writes the item where the condition holds; values are the condition's.
func (s *Store) put(it item, condition string, values item, refusal error) write {
	return write{types.TransactWriteItem{Put: &types.Put{
		TableName: &s.table, Item: it, ConditionExpression: optional(condition), ExpressionAttributeValues: values,
	}}, refusal}
}

// del deletes the key where the condition holds.
func (s *Store) del(key item, condition string, values item, refusal error) write {
	return write{types.TransactWriteItem{Delete: &types.Delete{
		TableName: &s.table, Key: key, ConditionExpression: optional(condition), ExpressionAttributeValues: values,
	}}, refusal}
}

// raise raises the generation.
func (s *Store) raise() write {
	return write{TransactWriteItem: types.TransactWriteItem{Update: &types.Update{
		TableName: &s.table, Key: generationKey(), UpdateExpression: aws.String("ADD generation :one"),
		ExpressionAttributeValues: item{":one": number(1)},
	}}}
}

// change does all writes or none, and raises the generation with them. One token goes with all attempts, so that one whose
// answer was lost is not done twice, nor refused for what it did itself. Errors: the refusal of the first write whose
// condition failed; CodeUnavailable, CodeThrottled.
func (s *Store) change(ctx context.Context, writes ...write) error {
	writes = append(writes, s.raise())
	in := &dynamodb.TransactWriteItemsInput{ClientRequestToken: aws.String(dps.NewUUID())}
	for _, w := range writes {
		in.TransactItems = append(in.TransactItems, w.TransactWriteItem)
	}
	_, err := call(ctx, s.client.TransactWriteItems, in)
	var cancelled *types.TransactionCanceledException
	if !errors.As(err, &cancelled) {
		return err
	}
	for i, r := range cancelled.CancellationReasons {
		if aws.ToString(r.Code) == reasonCondition && i < len(writes) && writes[i].refusal != nil {
			return writes[i].refusal
		}
	}
	return explain(err)
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
