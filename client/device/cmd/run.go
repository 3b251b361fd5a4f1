package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"

	"dps/client/device"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // a device failed, or the run was cut off
	exitUsage  = 2
)

// run does what the command line asks and gives the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	o, err := parseOptions(args, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return exitOK
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return exitUsage
	}
	newDevice, err := o.newDevices(o.observer(stderr))
	if err != nil {
		_, _ = fmt.Fprintln(stderr, err)
		return exitUsage
	}
	report := newReport(o, stdout)
	cfg := device.FleetConfig{
		Count: o.count, Concurrency: o.concurrency, NewDevice: newDevice, ConnectToGateway: o.connect, Renew: o.renew, Done: report.done,
	}
	if o.count > 1 && !o.verbose {
		cfg.Progress = stderr
	}
	summary, err := device.RunFleet(ctx, cfg)
	if summary != nil {
		report.end(summary)
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "cut off:", err)
	}
	if err != nil || summary.Failed > 0 {
		return exitFailed
	}
	return exitOK
}

// observer logs what happens to each device, if that was asked for.
func (o options) observer(stderr io.Writer) func(device.Event) {
	if !o.verbose {
		return nil
	}
	log := slog.New(slog.NewTextHandler(stderr, nil))
	return func(e device.Event) { log.Info(string(e.Kind), eventAttrs(e)...) }
}

func eventAttrs(e device.Event) []any {
	attrs := []any{"device", e.DeviceID}
	add := func(key string, value any, there bool) {
		if there {
			attrs = append(attrs, key, value)
		}
	}
	add("step", e.Step, e.Step != "")
	add("attempt", e.Attempt, e.Attempt > 1)
	add("took", e.Duration, e.Duration > 0)
	add("wait", e.Wait, e.Wait > 0)
	add("endpoint", e.Endpoint, e.Endpoint != "")
	if e.Peer != nil {
		add("peer", e.Peer.Subject.String(), true)
	}
	add("error", e.Err, e.Err != nil)
	return attrs
}
