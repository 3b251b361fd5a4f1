package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
)

// options are what a run is told on its command line.
type options struct {
	flows, rounds, warmup int
	concurrency, devices  int
	idle, soak            int
	tls13, sharedToken    bool
	check                 bool
	jsonFile              string
	cpuProfile            string
	memProfile            string
}

const usage = `Measures what a device costs the service, against a bare TLS server with canned answers, in turns, in one run.

  go run ./localstack/bench                      everything, about 80 s on two cores that do nothing else
  go run ./localstack/bench --quick              15 s: does every flow succeed, does nothing leak?
  go run ./localstack/bench --tls13 --soak 0     as a newer device, without the soak
  go run ./localstack/bench --cpuprofile cpu.out && go tool pprof -top cpu.out

A flow is what the real device does: connection 1 asks the time; connection 2 asks for owner, cloud configuration,
credentials and access control list. It ends with an error where a flow fails, or descriptors or goroutines grow.

`

// parseOptions reads and checks the command line. Errors name the flag, its value and the remedy; flag.ErrHelp: help was
// asked for and given.
func parseOptions(args []string, help io.Writer) (options, error) {
	var o options
	var quick bool
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(help)
	f.Usage = func() { _, _ = io.WriteString(help, usage); f.PrintDefaults() }
	f.IntVar(&o.flows, "flows", 1000, "flows `N` of each server in a round")
	f.IntVar(&o.rounds, "rounds", 5, "rounds `N`; figures are medians over them")
	f.IntVar(&o.warmup, "warmup", 500, "flows `N` of each server before anything is measured")
	f.IntVar(&o.concurrency, "concurrency", 16, "flows `N` at once")
	f.IntVar(&o.devices, "devices", 6000, "devices `N`, taken in turns: more than the 4096 verdicts that the service remembers")
	f.IntVar(&o.idle, "idle", 2000, "idle connections `N` whose memory is measured; 0: skip")
	f.IntVar(&o.soak, "soak", 10000, "flows `N` over which nothing may grow; 0: skip")
	f.BoolVar(&o.tls13, "tls13", false, "TLS 1.3 instead of the real device's 1.2")
	f.BoolVar(&o.sharedToken, "shared-token", false, "configure no deviceIDClaim: one token serves all devices of an owner")
	f.BoolVar(&quick, "quick", false, "small numbers, for CI; other flags still apply")
	f.BoolVar(&o.check, "check", false, "end with an error where a goal is missed")
	f.StringVar(&o.jsonFile, "json", "", "write the figures to `FILE` as JSON too")
	f.StringVar(&o.cpuProfile, "cpuprofile", "", "write the CPU profile of the service, over all rounds, to `FILE`")
	f.StringVar(&o.memProfile, "memprofile", "", "write the allocation profile of the service to `FILE`")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return o, err
		}
		return o, errors.New("see --help")
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("argument %q is not understood: see --help", f.Arg(0))
	}
	if quick {
		o.makeQuick(f)
	}
	return o, o.validate()
}

// makeQuick shrinks every number that the command line does not set.
func (o *options) makeQuick(f *flag.FlagSet) {
	set := map[string]bool{}
	f.Visit(func(g *flag.Flag) { set[g.Name] = true })
	for name, v := range map[string]struct {
		at    *int
		value int
	}{
		"flows": {&o.flows, 200}, "rounds": {&o.rounds, 2}, "warmup": {&o.warmup, 100},
		"devices": {&o.devices, 1000}, "idle": {&o.idle, 300}, "soak": {&o.soak, 600},
	} {
		if !set[name] {
			*v.at = v.value
		}
	}
}

func (o options) validate() error {
	for _, n := range []struct {
		name            string
		value, min, max int
	}{
		{"flows", o.flows, 1, 1e6}, {"rounds", o.rounds, 1, 1000}, {"warmup", o.warmup, 1, 1e6},
		{"concurrency", o.concurrency, 1, 1000}, {"devices", o.devices, o.concurrency, 1e6},
		{"idle", o.idle, 0, 30_000}, {"soak", o.soak, 0, 1e7},
	} {
		if n.value < n.min || n.value > n.max {
			return fmt.Errorf("--%s %d: give a number from %d to %d", n.name, n.value, n.min, n.max)
		}
	}
	return nil
}
