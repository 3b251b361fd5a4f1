package dynamodb

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"dps/shared/dps"
)

const creationTimeout = 2 * time.Minute

// CreateTable makes the table as the template does, for tests and local stacks, and waits until it can be used; backups,
// encryption and deletion protection are the template's. Errors: CodeConflict where the table exists, CodeUnavailable.
func CreateTable(ctx context.Context, client *dynamodb.Client, table string) error {
	if _, err := client.CreateTable(ctx, definition(table)); err != nil {
		if is[*types.ResourceInUseException](err) {
			return dps.Errorf(dps.CodeConflict, "the table %s exists already: delete it, or use another name", table)
		}
		return explain(err)
	}
	waiter := dynamodb.NewTableExistsWaiter(client, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 50*time.Millisecond, 5*time.Second
	})
	if err := waiter.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &table}, creationTimeout); err != nil {
		return explain(err)
	}
	_, err := client.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName:               &table,
		TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String(ExpiryKey), Enabled: aws.Bool(true)},
	})
	if err != nil {
		return explain(err)
	}
	return nil
}

func definition(table string) *dynamodb.CreateTableInput {
	in := &dynamodb.CreateTableInput{
		TableName: &table, BillingMode: types.BillingModePayPerRequest, KeySchema: keySchema(PartitionKey, SortKey),
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{
			secondary(IndexByOwner, OwnerKey, IDKey), secondary(IndexByTime, TimeKey, TimeSort, "groupId", "deviceId", AttributeCommonName),
			secondary(IndexByGroup, GroupKey, TimeSort), secondary(IndexByDevice, DeviceKey, DeviceSort), secondary(IndexByName, NameKey, NameSort),
		},
	}
	for _, name := range []string{PartitionKey, SortKey, OwnerKey, IDKey, TimeKey, TimeSort, GroupKey, DeviceKey, DeviceSort, NameKey, NameSort} {
		in.AttributeDefinitions = append(in.AttributeDefinitions,
			types.AttributeDefinition{AttributeName: aws.String(name), AttributeType: types.ScalarAttributeTypeS})
	}
	return in
}

// secondary is an index that holds keys, and the attributes that are included.
func secondary(name, partition, sort string, included ...string) types.GlobalSecondaryIndex {
	projection := &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}
	if len(included) > 0 {
		projection = &types.Projection{ProjectionType: types.ProjectionTypeInclude, NonKeyAttributes: included}
	}
	return types.GlobalSecondaryIndex{IndexName: &name, KeySchema: keySchema(partition, sort), Projection: projection}
}

func keySchema(partition, sort string) []types.KeySchemaElement {
	return []types.KeySchemaElement{
		{AttributeName: &partition, KeyType: types.KeyTypeHash}, {AttributeName: &sort, KeyType: types.KeyTypeRange},
	}
}
