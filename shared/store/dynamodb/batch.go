package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dps/shared/dps"
)

// maxBatch is how many keys one BatchGetItem takes.
const maxBatch = 100

// batch gives the items of at most maxBatch different ids, by id; what is not there is missing. What DynamoDB leaves over,
// as it is throttled or the answer is full, is asked for again.
func (s *Store) batch(ctx context.Context, k kind, ids []string, consistent bool) (map[string]item, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	keys := make([]item, len(ids))
	for i, id := range ids {
		keys[i] = k.key(id)
	}
	all := make(map[string]item, len(ids))
	open := map[string]types.KeysAndAttributes{s.table: {Keys: keys, ConsistentRead: &consistent}}
	for attempt := 1; ; attempt++ {
		out, err := call(ctx, s.client.BatchGetItem, &dynamodb.BatchGetItemInput{RequestItems: open})
		if err != nil {
			return nil, err
		}
		answered := out.Responses[s.table]
		for _, it := range answered {
			all[k.id(it)] = it
		}
		if open = out.UnprocessedKeys; len(open) == 0 {
			return all, nil
		}
		if len(answered) > 0 {
			attempt = 1 // it goes on
		}
		if !pause(ctx, backoff.Delay(attempt)) {
			return nil, &dps.Error{Code: dps.CodeThrottled, Message: "the database is asked too much at once", RetryAfter: retryAfter}
		}
	}
}
