package powertools

import (
	"context"
	"strconv"
	"strings"
	"sync/atomic"
)

// Function is what stays the same for a function's process.
type Function struct {
	Service string // POWERTOOLS_SERVICE_NAME, or what the function is to the operator: "enroll"
	Name    string // AWS_LAMBDA_FUNCTION_NAME
	Memory  int    // AWS_LAMBDA_FUNCTION_MEMORY_SIZE, MB
	Version string // AWS_LAMBDA_FUNCTION_VERSION
}

// FromEnv reads the platform's variables by lookup, such as os.Getenv. The service is POWERTOOLS_SERVICE_NAME, else otherwise.
func FromEnv(lookup func(string) string, otherwise string) Function {
	f := Function{Service: lookup("POWERTOOLS_SERVICE_NAME"), Name: lookup("AWS_LAMBDA_FUNCTION_NAME"), Version: lookup("AWS_LAMBDA_FUNCTION_VERSION")}
	if f.Service == "" {
		f.Service = otherwise
	}
	f.Memory, _ = strconv.Atoi(lookup("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")) // the platform's own; 0 where it is not set
	return f
}

// Invocation is what is known of one invocation.
type Invocation struct {
	RequestID string // the platform's id
	ARN       string // by which it was invoked
	TraceID   string // X-Ray's, without Root=
	ColdStart bool   // the first of its process
}

type invocationKey struct{}

// With puts the invocation into ctx: lines logged with it carry its facts.
func With(ctx context.Context, i Invocation) context.Context {
	return context.WithValue(ctx, invocationKey{}, i)
}

// From gives the invocation of ctx.
func From(ctx context.Context) (Invocation, bool) {
	i, ok := ctx.Value(invocationKey{}).(Invocation)
	return i, ok
}

// ColdStarts tells the first invocation of a process from the others. The zero value is ready.
type ColdStarts struct{ warm atomic.Bool }

// Next is true once.
func (c *ColdStarts) Next() bool { return !c.warm.Swap(true) }

// XRayTraceID takes the trace's id out of the platform's trace header: Root=1-5759e988-bd862e3fe1be46a994272793;Parent=…
func XRayTraceID(header string) string {
	for part := range strings.SplitSeq(header, ";") {
		if id, ok := strings.CutPrefix(part, "Root="); ok {
			return id
		}
	}
	return ""
}
