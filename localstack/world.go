package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"dps/localstack/lambda"
	"dps/localstack/split"
	"dps/localstack/stack"
	"dps/shared/dps"
)

// world is the stack in either shape, and where its records come to.
type world struct {
	*stack.Stack
	store dps.Store
	// settle waits until what devices did is in the store.
	settle func(ctx context.Context) error
	stop   func() error
	apiURL string         // of the REST API and the console
	traces *traces        // nil: nobody wants to see them
	around *neighbourhood // nil: there is no local network
	inside string         // commands that look inside, for people; may be empty
}

// startEmbedded starts everything in this process, and a local network beside it.
func (o settings) startEmbedded(ctx context.Context, so stack.Options, log *slog.Logger) (*world, error) {
	around, err := newNeighbourhood(ctx, o.clientPort, o.isolated, log)
	if err != nil {
		return nil, err
	}
	so.Configure = around.allow
	s, err := stack.Start(ctx, so)
	if err != nil {
		return nil, errors.Join(err, around.close())
	}
	w := &world{Stack: s, store: s.Service.Store(), settle: s.Service.Flush, apiURL: s.Service.APIURL(), around: around}
	w.stop = func() error { return errors.Join(around.close(), s.Stop()) }
	if err := around.start(ctx, s, log); err != nil {
		return nil, errors.Join(err, w.stop())
	}
	return w, nil
}

// startSplit starts the deployed shape over the AWS emulators that the environment names. Events that fail are delivered
// again after moments, not after AWS's minutes.
func startSplit(ctx context.Context, o stack.Options, p *printer, log *slog.Logger) (*world, error) {
	for _, variable := range []string{"AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SECRETS_MANAGER"} {
		if os.Getenv(variable) == "" && os.Getenv("AWS_ENDPOINT_URL") == "" {
			return nil, fmt.Errorf("%s is not set, and this must not reach for real AWS: run 'make localstack-up', which starts emulators", variable)
		}
	}
	s, err := split.Start(ctx, split.Options{
		Stack: o, Logf: p.line, Lambda: lambda.Options{RetryDelays: retryDelays, Patience: patience, Output: logWriter(ctx, log)},
	})
	if err != nil {
		return nil, err
	}
	settle := func(ctx context.Context) error { return errors.Join(s.Service.Flush(ctx), s.Lambda.Drain(ctx)) }
	return &world{Stack: s.Stack, store: s.Store, settle: settle, stop: s.Stop, inside: inside(s), apiURL: s.APIURL()}, nil
}

// inside says how to look at the data with AWS's own tool and with dpsctl.
func inside(s *split.Split) string {
	return fmt.Sprintf(`
look inside, in another terminal:
  export AWS_REGION=%s AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
  export AWS_ENDPOINT_URL_DYNAMODB=%s AWS_ENDPOINT_URL_SECRETS_MANAGER=%s
  go run ./client/dpsctl/cmd get records --owner %[5]s --table %[4]s --secrets-prefix %[4]s
  aws dynamodb scan --table-name %[4]s --select COUNT --endpoint-url $AWS_ENDPOINT_URL_DYNAMODB
  aws secretsmanager list-secrets --endpoint-url $AWS_ENDPOINT_URL_SECRETS_MANAGER
  aws lambda invoke --function-name %[4]s-enroll --cli-binary-format raw-in-base64-out --payload '{"version":1,"payload":{}}' /dev/stdout --endpoint-url %[6]s`,
		os.Getenv("AWS_REGION"), endpoint("AWS_ENDPOINT_URL_DYNAMODB"), endpoint("AWS_ENDPOINT_URL_SECRETS_MANAGER"), s.Name, stack.Owner, s.Lambda.URL())
}

func endpoint(variable string) string {
	if v := os.Getenv(variable); v != "" {
		return v
	}
	return os.Getenv("AWS_ENDPOINT_URL")
}

const patience = 5 * time.Second // a call waits for a free instance, as there are few on one machine

var retryDelays = []time.Duration{time.Second, 5 * time.Second}

// logWriter passes on what functions print, where service and hub are logged too.
func logWriter(ctx context.Context, log *slog.Logger) io.Writer {
	if log.Enabled(ctx, slog.LevelInfo) {
		return os.Stderr
	}
	return io.Discard
}
