package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"dps/functions/token"
	"dps/shared/awsclient"
	"dps/shared/contract"
	"dps/shared/lambdahost"
	"dps/shared/oauth"
	secrets "dps/shared/secrets/secretsmanager"
	store "dps/shared/store/dynamodb"
)

// wire puts the function over DynamoDB and Secrets Manager, of which its role may read the OAuth client secrets alone.
// Settings: DPS_TABLE, DPS_SECRETS_PREFIX, DPS_LOG_LEVEL.
func wire(ctx context.Context, env *lambdahost.Env, host *lambdahost.Host) (lambdahost.Function, error) {
	table, prefix := env.Table(), env.SecretsPrefix()
	cfg, err := awsclient.Config(ctx)
	env.Check(err)
	if err := env.Err(); err != nil {
		return lambdahost.Function{}, err
	}
	hush := secrets.New(secretsmanager.NewFromConfig(cfg), secrets.Options{Prefix: prefix, Count: host.Metrics.Count})
	tokens := oauth.New(hush, time.Now, oauth.Options{Count: host.Metrics.Count, Gauge: host.Metrics.Gauge})
	handler := token.New(store.New(dynamodb.NewFromConfig(cfg), table), tokens, time.Now)
	return lambdahost.Function{
		Invoke: lambdahost.ByAlias(map[string]lambdahost.Invoke{
			contract.AliasOwner: lambdahost.Synchronous(handler.HandleOwner, host),
		}, lambdahost.Synchronous(handler.Handle, host)),
		Close: func() error { hush.Close(); return tokens.Close() },
	}, nil
}
