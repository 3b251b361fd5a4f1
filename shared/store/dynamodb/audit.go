package dynamodb

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dps/shared/dps"
)

// AppendAudit implements dps.AuditStore. Its key ends in a hash of the whole entry: the same entry meets itself, and nothing
// else can take its place.
func (s *Store) AppendAudit(ctx context.Context, e dps.AuditEntry) error {
	if err := e.Storable(); err != nil {
		return err
	}
	it, err := encodeAudit(e)
	if err != nil {
		return err
	}
	_, err = call(ctx, s.client.PutItem, &dynamodb.PutItemInput{
		TableName: &s.table, Item: it, ConditionExpression: aws.String("attribute_not_exists(PK)"),
	})
	if err != nil && conditionFailed(err) {
		return nil // it is kept already
	}
	return err
}

// ListAudit implements dps.AuditStore: one query along the partition. The token is the last sort key given.
func (s *Store) ListAudit(ctx context.Context, recordID string, p dps.Page) (entries []dps.AuditEntry, next string, err error) {
	after, err := decodeToken(p.Token)
	if err == nil && after != "" && !strings.HasPrefix(after, auditPrefix) {
		err = errToken
	}
	if err != nil || !isKey(recordID) {
		return nil, "", err
	}
	in := s.auditQuery(recordID, after, p.Limit()+1) // one more tells whether there are more
	for size := 0; ; {
		out, err := call(ctx, s.client.Query, in)
		if err != nil {
			return nil, "", err
		}
		for _, it := range out.Items {
			if len(entries) == p.Limit() || size >= maxPageBytes {
				return entries, encodeToken(after), nil
			}
			e, err := decodeAudit(recordID, it)
			if err != nil {
				return nil, "", err
			}
			entries, after, size = append(entries, e), stringOf(it[SortKey]), size+itemSize(it)
		}
		if in.ExclusiveStartKey = out.LastEvaluatedKey; in.ExclusiveStartKey == nil {
			return entries, "", nil
		}
	}
}

// auditQuery asks for the entries behind after. BETWEEN takes in both its ends: no entry has the key after+NUL, nor "CERT$",
// the first behind all entries.
func (s *Store) auditQuery(recordID, after string, limit int) *dynamodb.QueryInput {
	if after == "" {
		after = auditPrefix
	}
	return &dynamodb.QueryInput{
		TableName: &s.table, ConsistentRead: aws.Bool(consistently), Limit: aws.Int32(int32(limit)), //nolint:gosec // a page's size
		KeyConditionExpression: aws.String("PK = :record AND SK BETWEEN :after AND :end"),
		ExpressionAttributeValues: item{
			":record": text(kindRecord.prefix + recordID), ":after": text(after + "\x00"), ":end": text("CERT$"),
		},
	}
}
