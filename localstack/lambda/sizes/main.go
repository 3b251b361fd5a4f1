// Command sizes builds the functions as they are deployed and prints what each weighs and how long it takes to start: from
// the start of its process to its first call of the runtime API's next.
//
//	go run ./localstack/lambda/sizes [--runs N] [--arch ARCH] [--limit DURATION]
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1)
	}
}
