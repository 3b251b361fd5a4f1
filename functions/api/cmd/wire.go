package main

import (
	"context"
	"log/slog"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"dps/functions/api"
	"dps/shared/awsclient"
	"dps/shared/lambdahost"
	store "dps/shared/store/dynamodb"
)

// wire puts the function over DynamoDB, behind API Gateway's HTTP API. Settings: DPS_TABLE, DPS_LOG_LEVEL.
func wire(ctx context.Context, env *lambdahost.Env, log *slog.Logger) (lambdahost.Function, error) {
	table := env.Table()
	cfg, err := awsclient.Config(ctx)
	env.Check(err)
	if err := env.Err(); err != nil {
		return lambdahost.Function{}, err
	}
	handler := api.New(api.Options{Store: store.New(dynamodb.NewFromConfig(cfg), table), Log: log})
	return lambdahost.Function{Invoke: lambdahost.HTTP(handler, log)}, nil
}
