// Command bench measures what a device costs the service, against the least that it could cost.
//
// One program plays all parts, each in a process of its own, so that what one costs is not booked to another:
//
//	driver (this process) ──TLS──▶ service ──▶ hub   ingress, functions and bbolt store; OAuth and signing elsewhere
//	                      ──TLS──▶ ingress           the same ingress, its functions answering from memory
//	                      ──TLS──▶ floor             the same handshakes and canned answers of the same size, nothing else
//
// They are driven in turns in the same run, and every figure stands beside the floor's: a busy machine slows all.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], stdio{os.Stdin, os.Stdout, os.Stderr})
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}
