package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
)

// stdio is what a process reads from and writes to.
type stdio struct {
	in       io.Reader
	out, err io.Writer
}

// run plays the part that the arguments name: a role, else the driver.
func run(ctx context.Context, args []string, io stdio) error {
	if len(args) > 0 && args[0] == roleArgument {
		return runRole(ctx, args[1:], io)
	}
	o, err := parseOptions(args, io.err)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	r, err := measure(ctx, o, io.err)
	if ctx.Err() != nil { // all else that failed, failed because of it
		return fmt.Errorf("interrupted: %w", context.Cause(ctx))
	}
	if err != nil {
		return err
	}
	if err := r.writeTable(io.out); err != nil {
		return err
	}
	if o.jsonFile != "" {
		if err := r.writeJSON(o.jsonFile); err != nil {
			return err
		}
	}
	return r.verdict(o.check)
}

// measure sets the stage in a folder of its own, measures, and clears everything away again.
func measure(ctx context.Context, o options, progress io.Writer) (_ *report, err error) {
	dir, err := os.MkdirTemp("", "dps-bench-")
	if err != nil {
		return nil, err
	}
	defer func() {
		if e := os.RemoveAll(dir); err == nil && e != nil {
			err = fmt.Errorf("folder of the run: %w", e)
		}
	}()
	b, err := setUp(ctx, o, dir, newConsole(progress))
	if err != nil {
		return nil, errors.Join(err, logTail(dir))
	}
	r, err := b.measure(ctx)
	if err != nil {
		err = errors.Join(err, logTail(dir))
	}
	return r, errors.Join(err, b.close())
}
