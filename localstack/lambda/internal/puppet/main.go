// Command puppet is a function that does what its event says: the tests of the harness are played with it, over the real
// runtime library.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"
)

// act is what the puppet is told, in this order.
type act struct {
	Print string // to the log
	Mark  string // a file that gets a line for each time
	Wait  string // a URL that answers when it is time to go on
	Exit  int    // ends the process with this code
	Fail  string // fails with this error
	Size  int    // answers with as many bytes of text
	Env   bool   // answers with the environment
	Body  any    // answers with it
}

func main() {
	if s := os.Getenv("PUPPET_START"); s == "exit" {
		os.Exit(3)
	}
	stopped := func() { fmt.Println("puppet: SIGTERM"); os.Exit(0) }
	lambda.StartWithOptions(perform, lambda.WithEnableSIGTERM(stopped))
}

func perform(ctx context.Context, a act) (any, error) {
	if a.Print != "" {
		fmt.Println(a.Print)
	}
	if a.Mark != "" {
		if err := mark(ctx, a.Mark); err != nil {
			return nil, err
		}
	}
	if a.Wait != "" {
		if err := wait(a.Wait); err != nil {
			return nil, err
		}
	}
	switch {
	case a.Exit != 0:
		os.Exit(a.Exit)
	case a.Fail != "":
		return nil, errors.New(a.Fail)
	case a.Size > 0:
		return strings.Repeat("x", a.Size), nil
	case a.Env:
		return os.Environ(), nil
	}
	deadline, _ := ctx.Deadline()
	lc, _ := lambdacontext.FromContext(ctx)
	return map[string]any{"body": a.Body, "pid": os.Getpid(), "requestId": lc.AwsRequestID, "arn": lc.InvokedFunctionArn, "deadlineMs": deadline.UnixMilli()}, nil
}

// wait heeds no deadline: a function that hangs does not either.
func wait(url string) error {
	resp, err := http.Get(url) //nolint:gosec,noctx // the test's own server
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// mark writes one line with one write, so that many processes may at once.
func mark(ctx context.Context, path string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the test's own file
	if err != nil {
		return err
	}
	lc, _ := lambdacontext.FromContext(ctx)
	line, err := json.Marshal(lc.AwsRequestID)
	if err != nil {
		return err
	}
	_, err = f.Write(append(line, '\n'))
	return errors.Join(err, f.Close())
}
