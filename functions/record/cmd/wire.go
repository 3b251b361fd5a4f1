package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dps/functions/record"
	"dps/shared/awsclient"
	"dps/shared/lambdahost"
	store "dps/shared/store/dynamodb"
)

// wire puts the function over DynamoDB. Its events come asynchronously: one that fails comes again, and at last goes to the
// dead-letter queue. Settings: DPS_TABLE, DPS_LOG_LEVEL.
func wire(ctx context.Context, env *lambdahost.Env, host *lambdahost.Host) (lambdahost.Function, error) {
	table := env.Table()
	cfg, err := awsclient.Config(ctx)
	env.Check(err)
	if err := env.Err(); err != nil {
		return lambdahost.Function{}, err
	}
	handler := record.New(store.New(dynamodb.NewFromConfig(cfg), table))
	return lambdahost.Function{Invoke: lambdahost.Asynchronous(handler.Handle, host)}, nil
}
