package awsclient

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"dps/shared/telemetry"
)

// traced puts every call of AWS, with all its attempts, into the trace of whoever makes it.
func traced(cfg *aws.Config) {
	cfg.APIOptions = append(cfg.APIOptions, func(s *middleware.Stack) error {
		return s.Initialize.Add(middleware.InitializeMiddlewareFunc("dps.Trace", traceCall), middleware.After)
	})
}

func traceCall(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
	service := awsmiddleware.GetServiceID(ctx)
	if service == lambdaService { // has a span of its own, with the function's name
		return next.HandleInitialize(ctx, in)
	}
	operation := service + "/" + awsmiddleware.GetOperationName(ctx)
	ctx, span := telemetry.BeginCall(ctx, operation, telemetry.Operation("aws-api", operation)...)
	out, metadata, err := next.HandleInitialize(ctx, in)
	var refused smithy.APIError
	switch {
	case err == nil:
		span.End(nil)
	case errors.As(err, &refused) && expected[refused.ErrorCode()]:
		span.Set(telemetry.Outcome(refused.ErrorCode()))
		span.End(nil)
	case refused != nil:
		span.Fail(refused.ErrorCode())
	default:
		span.Fail("no answer")
	}
	return out, metadata, err
}

// expected are answers with which the stores reckon.
var expected = map[string]bool{"ConditionalCheckFailedException": true, "TransactionCanceledException": true, "ResourceExistsException": true}

const lambdaService = "Lambda"
