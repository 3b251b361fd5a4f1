package main

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"dps/functions/sign"
	"dps/shared/awsclient"
	"dps/shared/certauthority"
	"dps/shared/contract"
	"dps/shared/invoke/awslambda"
	"dps/shared/lambdahost"
	secrets "dps/shared/secrets/secretsmanager"
	store "dps/shared/store/dynamodb"
)

// settings of the function: DPS_TABLE, DPS_SECRETS_PREFIX, DPS_TOKEN_FUNCTION, and DPS_LOG_LEVEL, which the host reads.
type settings struct {
	table, prefix, tokenFunction string
	aws                          aws.Config
}

func read(ctx context.Context, env *lambdahost.Env) (settings, error) {
	s := settings{table: env.Table(), prefix: env.SecretsPrefix(), tokenFunction: env.TokenFunction()}
	var err error
	s.aws, err = awsclient.Config(ctx)
	env.Check(err)
	return s, env.Err()
}

// wire puts the function over DynamoDB, Secrets Manager, of which its role may read the authorities' client keys and the
// pre-shared keys alone, and the token function, which it asks for owners' tokens.
func wire(ctx context.Context, env *lambdahost.Env, host *lambdahost.Host) (lambdahost.Function, error) {
	s, err := read(ctx, env)
	if err != nil {
		return lambdahost.Function{}, err
	}
	hush := secrets.New(secretsmanager.NewFromConfig(s.aws), secrets.Options{Prefix: s.prefix, Count: host.Metrics.Count})
	authorities := certauthority.New(hush, certauthority.Options{Count: host.Metrics.Count, Gauge: host.Metrics.Gauge})
	functions := awslambda.New(lambda.NewFromConfig(s.aws), awslambda.Options{Count: host.Metrics.Count, Gauge: host.Metrics.Gauge, Names: map[string]string{contract.OwnerToken: s.tokenFunction + ":" + contract.AliasOwner}})
	tokens := sign.NewOwnerTokens(functions, time.Now, host.Metrics.Count)
	handler := sign.New(store.New(dynamodb.NewFromConfig(s.aws), s.table), tokens, authorities, hush, time.Now, sign.Options{Count: host.Metrics.Count, Gauge: host.Metrics.Gauge})
	return lambdahost.Function{
		Invoke: lambdahost.ByAlias(map[string]lambdahost.Invoke{
			contract.AliasOwner: lambdahost.Synchronous(handler.HandleOwner, host),
			contract.AliasCheck: lambdahost.Synchronous(handler.HandleCheck, host),
		}, lambdahost.Synchronous(handler.Handle, host)),
		Close: func() error { hush.Close(); return authorities.Close() },
	}, nil
}
