// Package awsclient makes the configuration that all clients of AWS share.
package awsclient

import (
	"context"
	"net"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"

	"dps/shared/dps"
)

const (
	maxAttempts = 4 // of one call, where AWS_MAX_ATTEMPTS does not say another number
	firstWait   = 50 * time.Millisecond
	longestWait = time.Second
	dialTimeout = time.Second
	// maxIdle connections are kept to one host: what a busy ingress has in flight, so that no call waits for a handshake.
	maxIdle  = 256
	idleTime = 90 * time.Second
)

// Config reads region, credentials and endpoints (AWS_ENDPOINT_URL and its kin) from where AWS's own tools do. Calls are
// repeated with full jitter while the context lasts. Errors: CodeInvalid, naming the variable to set.
func Config(ctx context.Context) (aws.Config, error) {
	if err := checkEndpoints(); err != nil {
		return aws.Config{}, err
	}
	cfg, err := config.LoadDefaultConfig(ctx, config.WithHTTPClient(client()))
	if err != nil {
		return aws.Config{}, explain(err)
	}
	if cfg.Region == "" {
		return aws.Config{}, dps.Errorf(dps.CodeInvalid, "AWS_REGION is not set: name the region of the deployment, for example eu-central-1")
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return aws.Config{}, dps.Errorf(dps.CodeInvalid, "no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY: %w", err)
	}
	if cfg.RetryMaxAttempts == 0 {
		cfg.RetryMaxAttempts = maxAttempts
	}
	attempts := cfg.RetryMaxAttempts
	cfg.Retryer = func() aws.Retryer {
		return retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts, o.Backoff = attempts, FullJitter{Base: firstWait, Cap: longestWait}
		})
	}
	traced(&cfg)
	return cfg, nil
}

func client() *awshttp.BuildableClient {
	return awshttp.NewBuildableClient().
		WithDialerOptions(func(d *net.Dialer) { d.Timeout = dialTimeout }).
		WithTransportOptions(func(t *http.Transport) {
			t.MaxIdleConns, t.MaxIdleConnsPerHost, t.IdleConnTimeout = maxIdle, maxIdle, idleTime
		})
}
