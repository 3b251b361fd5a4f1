package dynamodb

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"dps/shared/dps"
)

func coded(code string) error {
	return &smithy.GenericAPIError{Code: code, Message: "table arn:aws:…"}
}

func withStatus(status int, err error) error {
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}}, Err: err,
	}}
}

func cancelled(reasons ...string) error {
	e := &types.TransactionCanceledException{}
	for _, r := range reasons {
		e.CancellationReasons = append(e.CancellationReasons, types.CancellationReason{Code: &r})
	}
	return e
}

// TestErrors: what is tried again, and what the caller is told in the end.
func TestErrors(t *testing.T) {
	tests := []struct {
		name  string
		err   error
		again bool
		want  dps.Code
	}{
		{"throughput", coded("ProvisionedThroughputExceededException"), true, dps.CodeThrottled},
		{"throttling", coded("ThrottlingException"), true, dps.CodeThrottled},
		{"account limit", coded("RequestLimitExceeded"), true, dps.CodeThrottled},
		{"throttled transaction", cancelled("None", "ThrottlingError"), true, dps.CodeThrottled},
		{"conflicting transaction", cancelled("None", "TransactionConflict"), true, dps.CodeUnavailable},
		{"conflict with a transaction", coded("TransactionConflictException"), true, dps.CodeUnavailable},
		{"transaction under way", coded("TransactionInProgressException"), true, dps.CodeUnavailable},
		{"invalid transaction", cancelled("ValidationError", "TransactionConflict"), false, dps.CodeInternal},
		{"internal error", withStatus(500, coded("InternalServerError")), true, dps.CodeUnavailable},
		{"gateway", withStatus(503, errors.New("no body")), true, dps.CodeUnavailable},
		{"connection", errors.New("connection reset"), true, dps.CodeUnavailable},
		{"attempt timed out", context.DeadlineExceeded, true, dps.CodeUnavailable},
		{"too large item", &smithy.GenericAPIError{Code: "ValidationException", Message: "Item size has exceeded the maximum allowed size"}, false, dps.CodeInvalid},
		{"invalid request", coded("ValidationException"), false, dps.CodeInternal},
		{"no table", coded("ResourceNotFoundException"), false, dps.CodeUnavailable},
		{"no permission", withStatus(400, coded("AccessDeniedException")), false, dps.CodeUnavailable},
		{"bad signature", coded("UnrecognizedClientException"), false, dps.CodeUnavailable},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := mayPass(tt.err); got != tt.again {
				t.Errorf("tried again: %v, want %v", got, tt.again)
			}
			e := explain(tt.err)
			if e.Code != tt.want || e.RetryAfter > 0 != (tt.want == dps.CodeThrottled) {
				t.Errorf("%v with code %s, retry after %v, want code %s", e, e.Code, e.RetryAfter, tt.want)
			}
			if !errors.Is(e, tt.err) || e.Message == e.Error() {
				t.Errorf("message %q, error %q: the cause belongs into the log alone", e.Message, e)
			}
		})
	}
}

// attempts is an operation that fails n times.
func attempts(n int, err error, seen *int) operation[dynamodb.GetItemInput, dynamodb.GetItemOutput] {
	return func(ctx context.Context, _ *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
		if *seen++; *seen <= n {
			return nil, err
		}
		return &dynamodb.GetItemOutput{}, ctx.Err()
	}
}

func TestCallTriesAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := 0
		if _, err := call(t.Context(), attempts(5, coded("ThrottlingException"), &seen), nil); err != nil || seen != 6 {
			t.Errorf("%d attempts, %v; want 6", seen, err)
		}
	})
}

// TestCallEndsInTime: never after the context's end, nor after its own patience, and with as many attempts as fit.
func TestCallEndsInTime(t *testing.T) {
	for name, limit := range map[string]time.Duration{"context": 3 * time.Second, "patience": time.Hour} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				began, seen := time.Now(), 0
				_, err := call(ctx, attempts(1<<30, coded("ThrottlingException"), &seen), nil)
				if took := time.Since(began); took > min(limit, patience) || seen < 4 || dps.CodeOf(err) != dps.CodeThrottled {
					t.Errorf("%d attempts in %v, %v", seen, took, err)
				}
			})
		})
	}
}

// TestCallGivesUpAnAttempt that hangs, and makes another.
func TestCallGivesUpAnAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		seen := 0
		hangs := func(ctx context.Context, _ *dynamodb.GetItemInput, _ ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
			if seen++; seen == 1 {
				<-ctx.Done()
			}
			return nil, ctx.Err()
		}
		if _, err := call(t.Context(), hangs, nil); err != nil || seen != 2 {
			t.Errorf("%d attempts, %v; want 2", seen, err)
		}
	})
}

func TestCallDoesNotTryAgain(t *testing.T) {
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		name string
		ctx  context.Context
		err  error
		want int
	}{
		{"a failed condition", t.Context(), &types.ConditionalCheckFailedException{}, 1},
		{"a transaction's failed condition beside a conflict", t.Context(), cancelled("TransactionConflict", "ConditionalCheckFailed"), 1},
		{"what cannot pass", t.Context(), coded("AccessDeniedException"), 1},
		{"anything when the context has ended", ended, coded("ThrottlingException"), 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			seen := 0
			if _, err := call(tt.ctx, attempts(1<<30, tt.err, &seen), nil); err == nil || seen != tt.want {
				t.Errorf("%d attempts, %v; want %d", seen, err, tt.want)
			}
		})
	}
}
