// Command dpsctl is the operator's tool of the device provisioning service.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"dps/client/dpsctl"
)

func main() {
	os.Exit(dpsctl.Main(context.Background(), os.Args[1:], dpsctl.Console{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Getenv: os.Getenv,
		Interruptible: func(ctx context.Context) (context.Context, context.CancelFunc) {
			return signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
		},
	}))
}
