package ingress

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"

	"dps/shared/awsclient"
	"dps/shared/config"
	"dps/shared/contract"
	"dps/shared/invoke/awslambda"
	"dps/shared/telemetry"
)

// openCloud calls the functions on AWS Lambda. The ingress has no store then, no secrets, and no disk: records wait in
// memory until Lambda has them, whose retries and dead-letter queue do the rest.
func openCloud(ctx context.Context, cfg config.Config, m *telemetry.Metrics) (*backend, error) {
	settings, err := awsclient.Config(ctx)
	if err != nil {
		return nil, fmt.Errorf("functions.mode %s: %w", config.ModeLambda, err)
	}
	names, timeouts := cfg.Functions.Names, cfg.Functions.Timeouts
	return &backend{
		functions: awslambda.New(lambda.NewFromConfig(settings), awslambda.Options{
			Names: map[string]string{
				contract.Enroll: names.Enroll, contract.Token: names.Token, contract.Sign: names.Sign, contract.Record: names.Record,
			},
			Timeouts: map[string]time.Duration{
				contract.Enroll: timeouts.Enroll, contract.Token: timeouts.Token, contract.Sign: timeouts.Sign, contract.Record: timeouts.Record,
			},
			Count: m.Count, Gauge: m.Gauge,
		}),
		close: func() error { return nil },
	}, nil
}
