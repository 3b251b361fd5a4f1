// Command d2d is the d2d client: see package d2d.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"dps/client/d2d"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := d2d.Main(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "error:", err)
		os.Exit(1) //nolint:gocritic // nothing is left to stop
	}
}
