package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// commandGrace is how long a command may take to end after it was asked to.
const commandGrace = 15 * time.Second

// neutralEnvironment is the environment with credentials that open nothing, so that no mistake in a test reaches an account.
func neutralEnvironment(environment []string) []string {
	kept := slices.DeleteFunc(slices.Clone(environment), func(variable string) bool {
		return strings.HasPrefix(variable, "AWS_")
	})
	return append(kept, "AWS_REGION=eu-central-1", "AWS_ACCESS_KEY_ID=test", "AWS_SECRET_ACCESS_KEY=test",
		"AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull, "AWS_EC2_METADATA_DISABLED=true")
}

// runCommand runs the command until it ends, is told to by ctx, or loses an emulator, and gives its exit code.
func runCommand(ctx context.Context, command, environment []string, emulators []*process) (code int, err error) {
	var watching sync.WaitGroup
	defer watching.Wait()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	for _, p := range emulators {
		watching.Go(func() {
			select {
			case <-p.ended:
				cancel(fmt.Errorf("an emulator ended too early:\n%s", p.output))
			case <-ctx.Done():
			}
		})
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...) //nolint:gosec // running it is what this program is for
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = environment, os.Stdin, os.Stdout, os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = commandGrace
	err = cmd.Run()
	if ctx.Err() != nil && !errors.Is(context.Cause(ctx), context.Canceled) {
		return exitFailed, context.Cause(ctx)
	}
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0, nil
	case errors.As(err, &exit):
		return exitCode(exit), nil
	}
	return exitFailed, fmt.Errorf("%s cannot be run: %w", command[0], err)
}

// exitCode is the code as shells give it: a command ended by signal N has 128+N.
func exitCode(exit *exec.ExitError) int {
	if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return exit.ExitCode()
}
