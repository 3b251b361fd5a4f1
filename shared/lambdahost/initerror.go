package lambdahost

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"

	"dps/shared/dps"
)

// The runtime API's report of a function that cannot start ("Initialization error" in AWS's documentation of it).
const (
	initErrorPath   = "/2018-06-01/runtime/init/error"
	initErrorHeader = "Lambda-Runtime-Function-Error-Type"
	initErrorType   = "Runtime.SettingsInvalid"
	initErrorWait   = 2 * time.Second
)

// reportInitError tells the platform why the function cannot start: whoever invokes it, and the function's metrics, then say
// so instead of "exit status 1". That it cannot be told is logged and no more.
func reportInitError(ctx context.Context, api string, cause error, log *slog.Logger) {
	if api == "" {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, initErrorWait)
	defer cancel()
	if err := postInitError(ctx, api, cause); err != nil {
		log.Warn("the platform could not be told", "error", err)
	}
}

func postInitError(ctx context.Context, api string, cause error) error {
	body, err := json.Marshal(messages.InvokeResponse_Error{Type: initErrorType, Message: dps.AsError(cause).Message})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+api+initErrorPath, bytes.NewReader(body)) //nolint:gosec // the platform names its own address
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set(initErrorHeader, initErrorType)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // the process is about to end
	resp, err := client.Do(req)                                                //nolint:gosec // as above
	if err != nil {
		return err
	}
	return resp.Body.Close()
}
