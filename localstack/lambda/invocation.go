package lambda

import (
	"encoding/json"
	"fmt"
	"time"

	"dps/shared/dps"
)

// call is what a caller asked for.
type call struct {
	id      string // of the request: the same for each delivery of an event
	alias   string // or version that was called; "": none
	payload []byte
}

// invocation is one delivery of one call to one instance.
type invocation struct {
	call
	fate   fate
	answer chan result // takes one
}

// result is how an invocation ended.
type result struct {
	payload []byte // the function's answer, or the error's description in Lambda's JSON
	failed  bool   // by a function error
}

// Types of function errors that Lambda itself reports.
const (
	typeExit     = "Runtime.ExitError"
	typeTimeout  = "Sandbox.Timedout"
	typeTooLarge = "Function.ResponseSizeTooLarge"
)

type functionError struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

// failedBy is the result that Lambda gives where the function itself said nothing.
func failedBy(errorType, format string, args ...any) result {
	payload, _ := json.Marshal(functionError{Type: errorType, Message: fmt.Sprintf(format, args...)}) // two strings
	return result{payload: payload, failed: true}
}

func timedOut(requestID string, after time.Duration) result {
	return failedBy(typeTimeout, "RequestId: %s Error: Task timed out after %.2f seconds", requestID, after.Seconds())
}

func exited(requestID, how string) result {
	return failedBy(typeExit, "RequestId: %s Error: Runtime exited with error: %s", requestID, how)
}

func tooLarge() result {
	return failedBy(typeTooLarge, "Response payload size exceeded maximum allowed payload size (%d bytes).", MaxPayload)
}

// newRequestID makes an id as AWS does: a random UUID.
func newRequestID() string { return dps.NewUUID() }
