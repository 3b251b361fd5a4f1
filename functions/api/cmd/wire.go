package main

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"dps/functions/api"
	"dps/functions/api/console"
	"dps/functions/api/rest"
	"dps/functions/enroll"
	"dps/shared/awsclient"
	"dps/shared/bearer"
	"dps/shared/build"
	"dps/shared/contract"
	"dps/shared/invoke/awslambda"
	"dps/shared/lambdahost"
	secrets "dps/shared/secrets/secretsmanager"
	store "dps/shared/store/dynamodb"
)

// authorityTimeout bounds one request for the OAuth server's keys.
const authorityTimeout = 5 * time.Second

// settings of the function, all of which the template sets: DPS_TABLE, DPS_SECRETS_PREFIX, DPS_SIGN_FUNCTION, DPS_LOG_LEVEL, and
// those named here.
type settings struct {
	table, prefix, signFunction string
	login                       rest.Login
	origins, sources            []string
	proof                       bool
	aws                         aws.Config
}

func read(ctx context.Context, env *lambdahost.Env) (settings, error) {
	s := settings{table: env.Table(), prefix: env.SecretsPrefix(), signFunction: env.SignFunction()}
	s.login = rest.Login{
		Authority:   env.Text("DPS_API_AUTHORITY", "the issuer's URL of the OAuth server whose tokens open the API", ""),
		Audience:    env.Text("DPS_API_AUDIENCE", "the audience that tokens must have", ""),
		OwnerClaim:  env.Text("DPS_API_OWNER_CLAIM", "the claim that names the owner", "sub"),
		WebClientID: env.Optional("DPS_API_WEB_CLIENT_ID"),
		CLIClientID: env.Optional("DPS_API_CLI_CLIENT_ID"),
		Scopes:      strings.Fields(env.Text("DPS_API_SCOPES", "scopes to ask for", "openid")),
	}
	s.origins = strings.Fields(env.Optional("DPS_API_ALLOWED_ORIGINS"))
	s.sources = strings.Fields(env.Optional("DPS_API_CONNECT_SOURCES"))
	s.proof = env.Switch("DPS_API_PROOF_OF_POSSESSION", true)
	var err error
	s.aws, err = awsclient.Config(ctx)
	env.Check(err)
	return s, env.Err()
}

// wire puts the function over DynamoDB and Secrets Manager, where its role may write and not read, behind API Gateway's HTTP
// API. What needs a secret it asks of the sign function's aliases for owners.
func wire(ctx context.Context, env *lambdahost.Env, host *lambdahost.Host) (lambdahost.Function, error) {
	s, err := read(ctx, env)
	if err != nil {
		return lambdahost.Function{}, err
	}
	hush := secrets.New(secretsmanager.NewFromConfig(s.aws), secrets.Options{Prefix: s.prefix, Count: host.Metrics.Count})
	verifier := bearer.New(bearer.Options{
		Authority: s.login.Authority, Audience: s.login.Audience, OwnerClaim: s.login.OwnerClaim, Client: &http.Client{Timeout: authorityTimeout},
	})
	owner := awslambda.New(lambda.NewFromConfig(s.aws), awslambda.Options{Count: host.Metrics.Count, Gauge: host.Metrics.Gauge, Names: map[string]string{
		contract.OwnerSign: s.signFunction + ":" + contract.AliasOwner,
		contract.CheckHub:  s.signFunction + ":" + contract.AliasCheck,
	}})
	fetcher := enroll.NewFetcher() // of revocation lists, for diagnoses
	page := console.New(console.Options{ConnectSources: append(s.sources, s.login.Authority)})
	handler := api.New(rest.New(rest.Options{
		Candidates: func(ctx context.Context, s rest.CandidateStore, req contract.EnrollRequest) (contract.EnrollReply, error) {
			return enroll.New(s, fetcher, host.Log).Handle(ctx, req)
		},
		Store: store.New(dynamodb.NewFromConfig(s.aws), s.table), Secrets: hush, Verifier: verifier, Owner: owner, Log: host.Log,
		Version: build.Version(), Login: s.login, AllowedOrigins: s.origins, ProofOfPossession: s.proof,
	}), page)
	return lambdahost.Function{
		Invoke: lambdahost.HTTP(handler, host),
		Close:  func() error { verifier.Close(); hush.Close(); fetcher.Close(); return nil },
	}, nil
}
