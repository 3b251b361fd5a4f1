package dynamodb

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dps/shared/dps"
)

// ClaimDevice implements dps.BindingStore. A repeated claim only reads: a device claims its id at several steps, and a write
// costs five times a read.
func (s *Store) ClaimDevice(ctx context.Context, b dps.DeviceBinding) (dps.DeviceBinding, error) {
	if err := b.Storable(); err != nil {
		return dps.DeviceBinding{}, err
	}
	standing, err := s.Binding(ctx, b.DeviceID)
	if dps.CodeOf(err) == dps.CodeNotFound {
		standing, err = s.bind(ctx, b)
	}
	if err != nil {
		return dps.DeviceBinding{}, err
	}
	if standing.RecordID != b.RecordID {
		return standing, dps.Errorf(dps.CodeConflict, "device id %s belongs to another manufacturer key", b.DeviceID)
	}
	return standing, nil
}

// bind gives the binding that stands: b, unless another was quicker.
func (s *Store) bind(ctx context.Context, b dps.DeviceBinding) (dps.DeviceBinding, error) {
	it, err := keyed(b, kindBinding, b.DeviceID)
	if err != nil {
		return b, err
	}
	_, err = call(ctx, s.client.PutItem, &dynamodb.PutItemInput{
		TableName: &s.table, Item: it, ConditionExpression: aws.String("attribute_not_exists(PK)"),
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	})
	var taken *types.ConditionalCheckFailedException
	if errors.As(err, &taken) {
		return decode[dps.DeviceBinding](taken.Item)
	}
	return b, err
}

// Binding implements dps.BindingStore.
func (s *Store) Binding(ctx context.Context, deviceID string) (dps.DeviceBinding, error) {
	return read(ctx, s, kindBinding, deviceID, decode[dps.DeviceBinding])
}

// ReleaseDevice implements dps.BindingStore.
func (s *Store) ReleaseDevice(ctx context.Context, deviceID string) error {
	return s.remove(ctx, kindBinding, deviceID)
}
