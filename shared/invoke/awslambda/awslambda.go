// Package awslambda calls the functions on AWS Lambda: enroll, token and sign are waited for, record is handed over.
package awslambda

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/smithy-go"
	awshttp "github.com/aws/smithy-go/transport/http"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/invoke"
	"dps/shared/resilience"
	"dps/shared/telemetry"
)

const (
	// maxEvent is how large an asynchronous event may be, in bytes: Lambda's own bound of old, which every region keeps.
	maxEvent = 256 << 10
	// maxReply bounds what is decoded: Lambda's own bound, as groups with long revocation lists come near it.
	maxReply = 6 << 20
	// attempts of one call, within its timeout.
	attempts = 3
)

// Options say which functions are called, and how long each may take.
type Options struct {
	Names    map[string]string        // by contract's name: name or ARN
	Timeouts map[string]time.Duration // of a call with all its attempts; the caller's deadline counts too
	// Count is told of attempts and breakers ("dependency"). nil: nobody.
	Count func(name, reason string)
	// Gauge is given the breakers' state. nil: nobody is.
	Gauge func(name, label string, read func() float64) (stop func())
}

// Functions is contract.Functions over Lambda's Invoke. It is safe for concurrent use.
type Functions struct {
	invoke.Remote
	client *lambda.Client
	o      Options
	guard  *resilience.Guard
}

var _ contract.Functions = (*Functions)(nil)

// New makes it over the client, with its connections, credentials and endpoint. How often a call is tried is decided here.
func New(client *lambda.Client, o Options) *Functions {
	if o.Count == nil {
		o.Count = func(string, string) {}
	}
	f := &Functions{
		client: lambda.New(client.Options(), func(o *lambda.Options) { o.Retryer = aws.NopRetryer{} }),
		o:      o,
		guard:  resilience.New("Lambda", resilience.Options{Attempts: attempts, Count: o.Count, Gauge: o.Gauge}),
	}
	f.Remote = invoke.Remote{Transport: f.call}
	return f
}

// Record hands the results over: Lambda has them when it returns, and calls the function, again where it fails. How many
// changed a record nobody here is told. A batch too large for one event goes as several.
func (f *Functions) Record(ctx context.Context, req contract.RecordRequest) (contract.RecordReply, error) {
	data, err := contract.EncodeRequest(contract.WithTraceparent(ctx, telemetry.Inject(ctx)), req)
	if err != nil {
		return contract.RecordReply{}, err
	}
	if len(data) > maxEvent && len(req.Results) > 1 {
		half := len(req.Results) / 2
		if _, err := f.Record(ctx, contract.RecordRequest{Results: slices.Clone(req.Results[:half])}); err != nil {
			return contract.RecordReply{}, err
		}
		return f.Record(ctx, contract.RecordRequest{Results: slices.Clone(req.Results[half:])})
	}
	_, err = f.guarded(ctx, contract.Record, data, types.InvocationTypeEvent)
	return contract.RecordReply{}, err
}

// call is the Transport of the functions that are waited for.
func (f *Functions) call(ctx context.Context, function string, request []byte) ([]byte, error) {
	return f.guarded(ctx, function, request, types.InvocationTypeRequestResponse)
}

func (f *Functions) guarded(ctx context.Context, function string, payload []byte, kind types.InvocationType) (reply []byte, err error) {
	if limit := f.o.Timeouts[function]; limit > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	err = f.guard.Do(ctx, function, func(ctx context.Context) error {
		reply, err = f.invoke(ctx, function, payload, kind)
		return err
	})
	return reply, err
}

// invoke is one call: what the function itself answers, an error too, is the caller's to read.
func (f *Functions) invoke(ctx context.Context, function string, payload []byte, kind types.InvocationType) ([]byte, error) {
	name := f.o.Names[function]
	out, err := f.client.Invoke(ctx, &lambda.InvokeInput{FunctionName: &name, Payload: payload, InvocationType: kind})
	switch {
	case err != nil:
		return nil, explain(function, err)
	case out.FunctionError != nil: // its text is for the function's own log
		return nil, dps.Errorf(dps.CodeUnavailable, "function %s failed: see its log for a panic, a timeout or too little memory", function)
	case kind == types.InvocationTypeEvent:
		return nil, nil
	case len(out.Payload) > maxReply || !json.Valid(out.Payload):
		return nil, resilience.Final(dps.Errorf(dps.CodeUnavailable, "function %s answers what is no reply: see whether it is of another version", function))
	}
	return out.Payload, nil
}

// explain keeps Lambda's own words for this process's log.
func explain(function string, err error) error {
	var (
		limit    *types.TooManyRequestsException
		missing  *types.ResourceNotFoundException
		large    *types.RequestTooLargeException
		response *awshttp.ResponseError
		api      smithy.APIError
	)
	switch {
	case errors.As(err, &limit):
		return dps.Wrap(dps.CodeThrottled, err, "function "+function+" runs as often as it may: see its reserved concurrency")
	case errors.As(err, &missing):
		return resilience.Final(dps.Wrap(dps.CodeUnavailable, err, "function "+function+" does not exist: see functions.names and the region"))
	case errors.As(err, &large):
		return dps.Wrap(dps.CodeInvalid, err, "what function "+function+" is sent is too large for Lambda")
	case errors.As(err, &api) && (api.ErrorCode() == "AccessDeniedException" || api.ErrorCode() == "UnrecognizedClientException"):
		return resilience.Final(dps.Wrap(dps.CodeUnavailable, err, "function "+function+" may not be invoked: see the role and credentials of the ingress"))
	case errors.As(err, &response) && response.HTTPStatusCode() == http.StatusRequestEntityTooLarge:
		return dps.Wrap(dps.CodeInvalid, err, "what function "+function+" is sent is too large for Lambda")
	}
	return dps.Wrap(dps.CodeUnavailable, err, "Lambda does not answer for function "+function)
}
