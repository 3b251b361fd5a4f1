package lambdahost

import (
	"context"
	"io"
	"log/slog"
	"os"

	"github.com/aws/aws-lambda-go/lambda"

	"dps/shared/dps"
	"dps/shared/telemetry/powertools"
)

// The platform's own variables that are read here.
const (
	varRuntimeAPI = "AWS_LAMBDA_RUNTIME_API"
	varName       = "AWS_LAMBDA_FUNCTION_NAME"
)

// Invoke serves one invocation: the event in, the answer out. An error fails the invocation.
type Invoke func(ctx context.Context, event []byte) ([]byte, error)

// Function is what a Wire puts together.
type Function struct {
	Invoke Invoke
	Close  func() error // gives back what it holds when the platform ends the process; nil: nothing
}

// Wire puts a function together from its settings. It asks env for all of them and returns env.Err before it opens
// anything. Errors: shown to the operator; they name the variable at fault, and no secret.
type Wire func(ctx context.Context, env *Env, host *Host) (Function, error)

// Main serves the function until the platform ends the process, and never comes back while that runs. The exit code is for
// os.Exit: what kept it from serving is logged, and the platform told of it.
func Main(wire Wire) int {
	function, host, err := start(context.Background(), wire, NewEnv(nil), os.Stderr, os.Stdout)
	if err != nil {
		host.Log.Error("function cannot start", "error", err)
		reportInitError(context.Background(), os.Getenv(varRuntimeAPI), err, host.Log)
		return 1
	}
	slog.SetDefault(host.Log) // what the platform's loop prints comes as JSON, too
	lambda.StartWithOptions(invokable(function.Invoke), lambda.WithEnableSIGTERM(func() { os.Exit(function.end(host)) }))
	return 1
}

// start makes host and function; the host, with its log, is there in any case.
func start(ctx context.Context, wire Wire, env *Env, logs, lines io.Writer) (Function, *Host, error) {
	facts := powertools.FromEnv(os.Getenv, os.Getenv(varName))
	host := NewHost(facts.Service, powertools.NewLogger(logs, env.LogLevel(), facts))
	if os.Getenv(varRuntimeAPI) == "" {
		return Function{}, host, dps.Errorf(dps.CodeInvalid, "%s is not set: this program runs on AWS Lambda, or under a harness that speaks its runtime API", varRuntimeAPI)
	}
	if err := host.export(ctx, env, lines); err != nil {
		return Function{}, host, err
	}
	function, err := wire(ctx, env, host)
	return function, host, err
}

var _ lambda.Handler = invokable(nil)

type invokable Invoke

// Invoke implements lambda.Handler: bytes in, bytes out, nothing is decoded on the way.
func (i invokable) Invoke(ctx context.Context, event []byte) ([]byte, error) { return i(ctx, event) }

// end closes the function; the platform kills the process half a second after SIGTERM in any case.
func (f Function) end(host *Host) int {
	defer host.close()
	host.Log.Debug("function ends")
	if f.Close == nil {
		return 0
	}
	if err := f.Close(); err != nil {
		host.Log.Warn("function did not close cleanly", "error", err)
		return 1
	}
	return 0
}
