package main

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dps/functions/enroll"
	"dps/shared/awsclient"
	"dps/shared/lambdahost"
	store "dps/shared/store/dynamodb"
)

// wire puts the function over DynamoDB. Settings: DPS_TABLE, DPS_LOG_LEVEL.
func wire(ctx context.Context, env *lambdahost.Env, host *lambdahost.Host) (lambdahost.Function, error) {
	table := env.Table()
	cfg, err := awsclient.Config(ctx)
	env.Check(err)
	if err := env.Err(); err != nil {
		return lambdahost.Function{}, err
	}
	fetcher := enroll.NewFetcher()
	handler := enroll.New(store.New(dynamodb.NewFromConfig(cfg), table), fetcher, host.Log)
	return lambdahost.Function{
		Invoke: lambdahost.Synchronous(handler.Handle, host),
		Close:  func() error { fetcher.Close(); return nil },
	}, nil
}
