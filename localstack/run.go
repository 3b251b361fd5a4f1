package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"

	"dps/localstack/stack"
	"dps/shared/telemetry"
)

const usage = `The whole stack in one process, with nothing but Go: stand-in hub, provisioning service, devices.

  make run                          start, provision two devices, stay up
  make run ARGS=--once              start, provision two devices, stop; fails if a step failed
  make run ARGS=--trace             with the way of each device through the service, and how long it took
  make run ARGS="--dir /tmp/dps"    certificates, database and configuration in another folder
  make run ARGS="--port 15684"      the service on a port of your choice
  make localstack-up                the deployed shape: functions as processes, AWS emulators for the data

`

// settings are the command line.
type settings struct {
	dir, host     string
	port, apiPort string
	clientPort    string
	isolated      bool
	once, split   bool
	trace         bool
	verbose       bool
}

// run is the command.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) error {
	if len(args) > 0 && args[0] == clientArgument {
		return runClient(ctx, args[1:], stdout, stderr)
	}
	var o settings
	flags := flag.NewFlagSet("localstack", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { _, _ = io.WriteString(stderr, usage); flags.PrintDefaults() }
	flags.StringVar(&o.dir, "dir", "dps-data", "`FOLDER` for everything that is kept")
	flags.StringVar(&o.host, "host", "127.0.0.1", "`HOST` to listen on")
	flags.StringVar(&o.port, "port", "0", "`PORT` of the service, TCP and UDP; 0 is any free one")
	flags.StringVar(&o.apiPort, "api-port", "", "`PORT` of the REST API and the console; 0 is any free one (default 9100, or any free one where that is taken)")
	flags.StringVar(&o.clientPort, "client-port", "", "`PORT` of the d2d client's page; 0 is any free one (default 9200, or any free one where that is taken)")
	flags.BoolVar(&o.isolated, "isolated", false, "put the d2d client and the devices into a network of their own, without a way to the hub (Linux, root)")
	flags.BoolVar(&o.once, "once", false, "stop after the two devices")
	flags.BoolVar(&o.trace, "trace", false, "show what the service did for each of the two devices, and how long each part took")
	flags.BoolVar(&o.split, "split", false, "functions apart, their data where AWS_ENDPOINT_URL and its kin point: see make localstack-up")
	flags.BoolVar(&o.verbose, "v", false, "log what service and hub do, on standard error")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return nil
	case err != nil:
		return errors.New("see --help")
	}
	return o.demonstrate(ctx, stdin, stdout, stderr)
}

// demonstrate starts the stack, provisions, and stays up where it shall.
func (o settings) demonstrate(ctx context.Context, stdin io.Reader, stdout, stderr io.Writer) (err error) {
	log := telemetry.Discard()
	if o.verbose {
		log = telemetry.NewLogger(stderr, telemetry.LogOptions{Console: true})
	}
	p := &printer{w: stdout}
	w, err := o.start(ctx, p, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.stop()) }()
	p.stack(w)
	for _, protocol := range []string{"tcp", "udp"} {
		connections, err := provision(ctx, w, p, protocol)
		if err != nil {
			return err
		}
		if w.traces != nil {
			if err := w.traces.show(ctx, p, connections); err != nil {
				return err
			}
		}
	}
	if w.around != nil {
		if err := w.around.stray(w.Stack); err != nil { //nolint:contextcheck // the device stays
			return err
		}
		p.ways(w.around, w.Stack)
	}
	if !o.once {
		return (&console{world: w, printer: p, stdin: stdin}).serve(ctx)
	}
	if err := (&console{world: w, printer: p}).records(ctx); err != nil {
		return err
	}
	p.line("\nBoth devices are provisioned, registered and signed in. Everything is in %s", shorten(w.Dir))
	return p.err
}

func (o settings) start(ctx context.Context, p *printer, log *slog.Logger) (*world, error) {
	if o.apiPort == "" {
		o.apiPort = portFor(ctx, "9100")
	}
	if o.clientPort == "" {
		o.clientPort = portFor(ctx, "9200")
	}
	so := stack.Options{Dir: o.dir, Host: o.host, Port: o.port, APIPort: o.apiPort, Log: log}
	var watched *traces
	if o.trace {
		watched = newTraces()
		so.Ingress.Spans = append(so.Ingress.Spans, watched)
	}
	start := func(ctx context.Context, so stack.Options) (*world, error) { return o.startEmbedded(ctx, so, log) }
	if o.split {
		start = func(ctx context.Context, so stack.Options) (*world, error) { return startSplit(ctx, so, p, log) }
	}
	w, err := start(ctx, so)
	if err != nil {
		return nil, err
	}
	w.traces = watched
	return w, nil
}

// portFor gives the port where it is free on this machine, else 0, which is any.
func portFor(ctx context.Context, wanted string) string {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", wanted))
	if err != nil {
		return "0"
	}
	_ = l.Close() // it was only a question
	return wanted
}

// shorten gives a path relative to the working folder where it is below it.
func shorten(path string) string {
	wd, err := os.Getwd()
	if err != nil {
		return path
	}
	if rel, err := filepath.Rel(wd, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// printer writes lines and keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if _, err := fmt.Fprintf(p.w, format+"\n", args...); err != nil && p.err == nil {
		p.err = err
	}
}

// item writes one aligned line of an account.
func (p *printer) item(name, format string, args ...any) {
	p.line("  %-12s %s", name, fmt.Sprintf(format, args...))
}
