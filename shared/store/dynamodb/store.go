// Package dynamodb keeps everything in one DynamoDB table: the cloud's store. Every access is by key or one query along a
// key, never a scan; every write that depends on what is stored says so in a condition. table.go has the table's layout.
package dynamodb

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dps/shared/dps"
)

// Store is safe for concurrent use. It keeps nothing in memory, so that every process sees what any other wrote.
type Store struct {
	client *dynamodb.Client
	table  string
}

var _ dps.Store = (*Store)(nil)

// New makes a store over the table, with the client's credentials, endpoint and HTTP client. How often a call is tried is
// the store's to decide (see call), so the client's own retries are left out.
func New(client *dynamodb.Client, table string) *Store {
	single := dynamodb.New(client.Options(), func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
	return &Store{client: single, table: table}
}

// Generation implements dps.GenerationStore.
func (s *Store) Generation(ctx context.Context) (uint64, error) {
	it, err := s.get(ctx, generationKey(), consistently)
	if err != nil || it == nil {
		return 0, err
	}
	g, err := decode[struct {
		Generation uint64 `json:"generation"`
	}](it)
	return g.Generation, err
}

// How a read is done: consistently, it sees every write that returned before it; eventually, it may be a moment late and
// costs half.
const (
	consistently = true
	eventually   = false
)

// get gives the item under the key, nil where there is none.
func (s *Store) get(ctx context.Context, key item, consistent bool) (item, error) {
	out, err := call(ctx, s.client.GetItem, &dynamodb.GetItemInput{TableName: &s.table, Key: key, ConsistentRead: &consistent})
	if err != nil {
		return nil, err
	}
	return out.Item, nil
}

// read gives the object with the id. Errors: CodeNotFound, CodeUnavailable, CodeThrottled.
func read[T any](ctx context.Context, s *Store, k kind, id string, decode func(item) (T, error)) (v T, err error) {
	var it item
	if isKey(id) {
		it, err = s.get(ctx, k.key(id), consistently)
	}
	if err != nil {
		return v, err
	}
	if it == nil {
		return v, dps.Errorf(dps.CodeNotFound, "%s %.300q does not exist", k.what, id)
	}
	return decode(it)
}

// remove deletes what is under the key, whatever it is.
func (s *Store) remove(ctx context.Context, k kind, id string) error {
	if !isKey(id) {
		return nil
	}
	_, err := call(ctx, s.client.DeleteItem, &dynamodb.DeleteItemInput{TableName: &s.table, Key: k.key(id)})
	return err
}
