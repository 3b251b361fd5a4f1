package main

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"dps/functions/sign"
	"dps/shared/dps"
	"dps/shared/invoke"
)

// tokenFunction calls the function of the name over Lambda's Invoke, whose retries are the client's. Errors: the function's
// own; CodeThrottled at its concurrency limit; CodeUnavailable for all else.
func tokenFunction(client *lambda.Client, name string) sign.TokenFunction {
	return &invoke.Remote{Transport: func(ctx context.Context, _ string, request []byte) ([]byte, error) {
		out, err := client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, Payload: request})
		if limit := (*types.TooManyRequestsException)(nil); errors.As(err, &limit) {
			return nil, dps.Wrap(dps.CodeThrottled, err, "the token function runs as often as it may")
		}
		if err != nil {
			return nil, dps.Wrap(dps.CodeUnavailable, err, "the token function cannot be invoked: see DPS_TOKEN_FUNCTION and this function's role")
		}
		if out.FunctionError != nil { // what it says of itself is in its own log
			return nil, dps.Errorf(dps.CodeUnavailable, "the token function failed (%s)", *out.FunctionError)
		}
		return out.Payload, nil
	}}
}
