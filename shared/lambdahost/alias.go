package lambdahost

import (
	"context"
	"strings"

	"github.com/aws/aws-lambda-go/lambdacontext"
)

// ByAlias serves an invocation by the alias through which it came: who may invoke which is the roles' to say, and nothing in
// an event can say otherwise. Any other alias, a version and none at all are served by otherwise.
func ByAlias(aliases map[string]Invoke, otherwise Invoke) Invoke {
	return func(ctx context.Context, event []byte) ([]byte, error) {
		if serve, ok := aliases[aliasOf(ctx)]; ok {
			return serve(ctx, event)
		}
		return otherwise(ctx, event)
	}
}

// aliasOf is the last part of the ARN by which the function was called: arn:aws:lambda:REGION:ACCOUNT:function:NAME:ALIAS.
func aliasOf(ctx context.Context) string {
	lc, ok := lambdacontext.FromContext(ctx)
	if !ok {
		return ""
	}
	parts := strings.Split(lc.InvokedFunctionArn, ":")
	const whole = 8
	if len(parts) != whole {
		return ""
	}
	return parts[whole-1]
}
