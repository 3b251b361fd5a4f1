package dynamodb

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"

	"dps/shared/dps"
)

const retryAfter = time.Second // what a throttled caller is told

// Reasons for which a transaction is cancelled (DynamoDB API reference, TransactWriteItems, CancellationReasons).
const (
	reasonCondition  = "ConditionalCheckFailed"
	reasonValidation = "ValidationError"
	reasonItemSize   = "ItemCollectionSizeLimitExceeded"
)

func is[E error](err error) bool {
	var target E
	return errors.As(err, &target)
}

// conditionFailed tells whether a condition of the write did not hold.
func conditionFailed(err error) bool {
	return is[*types.ConditionalCheckFailedException](err) || cancelledFor(err, reasonCondition)
}

// cancelledFor tells whether a transaction was cancelled for one of the reasons.
func cancelledFor(err error, reasons ...string) bool {
	var cancelled *types.TransactionCanceledException
	return errors.As(err, &cancelled) && slices.ContainsFunc(cancelled.CancellationReasons, func(r types.CancellationReason) bool {
		return r.Code != nil && slices.Contains(reasons, *r.Code)
	})
}

// throttled tells whether DynamoDB was asked too much at once.
func throttled(err error) bool {
	return slices.Contains([]string{
		"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded",
	}, apiCode(err)) || cancelledFor(err, "ProvisionedThroughputExceeded", "ThrottlingError")
}

// mayPass tells whether the same call may succeed a moment later. What DynamoDB did not say is the network's, and may.
func mayPass(err error) bool {
	code := apiCode(err)
	switch {
	case throttled(err), code == "TransactionConflictException", code == "TransactionInProgressException":
		return true
	case code == "TransactionCanceledException":
		return !cancelledFor(err, reasonCondition, reasonValidation, reasonItemSize)
	}
	return code == "" && !is[*smithy.InvalidParamsError](err) || status(err) >= http.StatusInternalServerError
}

// explain gives the domain's error: the SDK's own text names the table, the account and the region, and stays in this
// process's log.
func explain(err error) *dps.Error {
	code := apiCode(err)
	switch {
	case throttled(err):
		e := dps.Wrap(dps.CodeThrottled, err, "the database is asked too much at once")
		e.RetryAfter = retryAfter
		return e
	case tooLarge(err):
		return dps.Wrap(dps.CodeInvalid, err, "it is larger than the database's 400 KB: shorten its lists and certificates")
	case code == "ResourceNotFoundException":
		return dps.Wrap(dps.CodeUnavailable, err, "the database's table does not exist: see the name of the table and the region")
	case code == "AccessDeniedException":
		return dps.Wrap(dps.CodeUnavailable, err, "the database refuses this function: see the permissions of its role")
	case code == "ValidationException", is[*smithy.InvalidParamsError](err), cancelledFor(err, reasonValidation):
		return dps.Wrap(dps.CodeInternal, err, "the database does not understand this service")
	}
	return dps.Wrap(dps.CodeUnavailable, err, "the database does not answer")
}

// tooLarge tells of items that pass our estimate of their size, but not DynamoDB's; nothing but its text says so.
func tooLarge(err error) bool {
	return (apiCode(err) == "ValidationException" || cancelledFor(err, reasonValidation)) && strings.Contains(err.Error(), "Item size")
}

func apiCode(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func status(err error) int {
	var response *awshttp.ResponseError
	if errors.As(err, &response) {
		return response.HTTPStatusCode()
	}
	return 0
}
