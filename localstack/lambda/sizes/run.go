package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"dps/localstack/lambda"
)

type options struct {
	runs      int
	arch      string
	limit     time.Duration
	functions []string
}

// row is what is told of one function; times are zero where the binary does not run here.
type row struct {
	name            string
	binary, zipped  int64 // bytes
	median, slowest time.Duration
}

// run builds, measures and prints. Errors: what does not build or start; medians over the limit.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	o, err := parse(args, stderr)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "sizes")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var rows []row
	var slow error
	for _, name := range o.functions {
		r, err := measure(ctx, o, name, dir)
		if err != nil {
			return err
		}
		if o.limit > 0 && r.median > o.limit {
			slow = errors.Join(slow, fmt.Errorf("%s takes %s to start, at most %s is wanted", name, round(r.median), o.limit))
		}
		rows = append(rows, r)
	}
	return errors.Join(print(stdout, o, rows), slow)
}

func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("sizes", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.IntVar(&o.runs, "runs", 20, "starts of each function")
	flags.StringVar(&o.arch, "arch", runtime.GOARCH, "architecture: amd64 or arm64; another than this machine's is built and weighed, not started")
	flags.DurationVar(&o.limit, "limit", 0, "fail where a function's median is longer; 0: never")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.runs < 1 || o.runs > lambda.DefaultConcurrency*10 {
		return o, fmt.Errorf("--runs is %d, want 1 to %d", o.runs, lambda.DefaultConcurrency*10)
	}
	for _, name := range flags.Args() {
		if !slices.Contains(lambda.Names(), name) {
			return o, fmt.Errorf("%q is no function, want some of %s, or none for all", name, strings.Join(lambda.Names(), ", "))
		}
	}
	if o.functions = flags.Args(); len(o.functions) == 0 {
		o.functions = lambda.Names()
	}
	return o, nil
}

func measure(ctx context.Context, o options, name, dir string) (row, error) {
	binary, err := lambda.BuildFunction(ctx, name, o.arch, dir)
	if err != nil {
		return row{}, err
	}
	r := row{name: name}
	if r.binary, r.zipped, err = weigh(binary); err != nil {
		return row{}, err
	}
	if o.arch != runtime.GOARCH {
		return r, nil
	}
	r.median, r.slowest, err = initTimes(ctx, o.runs, name, binary)
	return r, err
}

func print(w io.Writer, o options, rows []row) error {
	_, _ = fmt.Fprintf(w, "Functions for linux/%s, built as deployed; init is process start to first next, %d starts one after the other\n\n", o.arch, o.runs)
	t := tabwriter.NewWriter(w, 0, 0, 3, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(t, "function\tbinary MiB\tzip MiB\tinit median\tslowest\t")
	for _, r := range rows {
		_, _ = fmt.Fprintf(t, "%s\t%.1f\t%.1f\t%s\t%s\t\n", r.name, mib(r.binary), mib(r.zipped), shown(r.median), shown(r.slowest))
	}
	return t.Flush()
}

func mib(bytes int64) float64 { return float64(bytes) / (1 << 20) }

func round(d time.Duration) time.Duration { return d.Round(100 * time.Microsecond) }

func shown(d time.Duration) string {
	if d == 0 {
		return "–"
	}
	return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
}
