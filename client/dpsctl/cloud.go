package dpsctl

import (
	"context"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	dynamodbsdk "github.com/aws/aws-sdk-go-v2/service/dynamodb"
	secretsmanagersdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/smithy-go/logging"

	"dps/shared/awsclient"
	"dps/shared/dps"
	"dps/shared/secrets/secretsmanager"
	"dps/shared/store/dynamodb"
)

// openCloud opens a DynamoDB table and the secrets below the prefix; who only reads needs no prefix. Errors: CodeInvalid where the
// prefix is needed and not set, or the AWS environment is incomplete.
func (s *session) openCloud(ctx context.Context, table string, a access) (*backend, error) {
	prefix := s.target.prefix
	if prefix == "" {
		prefix = s.getenv("DPS_SECRETS_PREFIX")
	}
	if prefix == "" && a != reading {
		return nil, dps.Errorf(dps.CodeInvalid, "--secrets-prefix is not set: name the stack, as DPS_SECRETS_PREFIX of its functions does; below it the secrets are kept")
	}
	cfg, err := awsclient.Config(ctx)
	if err != nil {
		return nil, err
	}
	cfg.Logger = logging.Nop{} // what goes wrong comes back as an error
	disconnect := ownConnections(&cfg)
	secrets := secretsmanager.New(secretsmanagersdk.NewFromConfig(cfg), secretsmanager.Options{Prefix: prefix})
	store := dynamodb.New(dynamodbsdk.NewFromConfig(cfg), table)
	return &backend{
		store:  store,
		where:  "table " + table + " in " + cfg.Region,
		direct: &direct{stores: store, secrets: secrets},
		close: func() error {
			secrets.Close()
			disconnect()
			return nil
		},
	}, nil
}

// ownConnections gives the clients of a configuration connections of their own, and what closes them: the SDK's HTTP client
// keeps its to itself.
func ownConnections(cfg *aws.Config) (disconnect func()) {
	b, ok := cfg.HTTPClient.(*awshttp.BuildableClient)
	if !ok {
		return func() {}
	}
	transport := b.GetTransport()
	cfg.HTTPClient = &http.Client{
		Transport: transport, Timeout: b.GetTimeout(),
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a signature is for one host
	}
	return transport.CloseIdleConnections
}
