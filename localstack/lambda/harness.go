package lambda

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"dps/shared/dps"
)

// closeTimeout bounds how long Close waits for invocations under way.
const closeTimeout = 5 * time.Second

// Harness is the running functions. It is safe for concurrent use.
type Harness struct {
	o         Options
	functions map[string]*function
	output    *lines
	server    *http.Server
	url       string

	life    context.Context //nolint:containedctx // ends with Close: invocations outlive the requests that began them
	end     context.CancelFunc
	running sync.WaitGroup

	queue       queue
	mu          sync.Mutex
	deadLetters []DeadLetter
}

// New makes the functions callable; instances start with the first invocations. The caller must Close the harness. Errors:
// CodeInvalid, naming the function and the field; of the listener.
func New(ctx context.Context, o Options) (*Harness, error) {
	o = o.withDefaults()
	h := &Harness{o: o, functions: make(map[string]*function, len(o.Functions)), output: newLines(o.Output)}
	for _, f := range o.Functions {
		f, err := f.withDefaults()
		if err != nil {
			return nil, err
		}
		if h.functions[f.Name] != nil {
			return nil, dps.Errorf(dps.CodeInvalid, "function %s is there twice", f.Name)
		}
		h.functions[f.Name] = newFunction(h, f)
	}
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", o.Address)
	if err != nil {
		return nil, fmt.Errorf("lambda harness cannot listen: %w", err)
	}
	h.life, h.end = context.WithCancel(context.WithoutCancel(ctx))
	h.url = "http://" + listener.Addr().String()
	h.server = &http.Server{Handler: h.routes(), ReadHeaderTimeout: 5 * time.Second}
	h.running.Go(func() { _ = h.server.Serve(listener) }) // its end is Close
	return h, nil
}

// URL is the REST API's endpoint, for AWS_ENDPOINT_URL_LAMBDA.
func (h *Harness) URL() string { return h.url }

// Close lets synchronous invocations finish for a moment, then ends all processes. Errors: where asynchronous events were
// still under way: wait for Drain first if they matter.
func (h *Harness) Close() error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(h.life), closeTimeout)
	defer cancel()
	err := h.server.Shutdown(ctx)
	if err != nil {
		err = errors.Join(err, h.server.Close())
	}
	if n := h.queue.waiting(); n > 0 {
		err = errors.Join(err, fmt.Errorf("%d asynchronous events were still under way", n))
	}
	h.end()
	var stopping sync.WaitGroup
	for _, f := range h.functions {
		stopping.Go(f.stop)
	}
	stopping.Wait()
	h.running.Wait()
	return err
}

// Drain waits until no asynchronous event is under way: each is delivered, or a dead letter. Errors: ctx's.
func (h *Harness) Drain(ctx context.Context) error { return h.queue.drain(ctx) }

// DeadLetters are the events given up so far.
func (h *Harness) DeadLetters() []DeadLetter {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.deadLetters)
}

// SetFaults has the function hit by these faults from now on. Errors: CodeNotFound, CodeInvalid.
func (h *Harness) SetFaults(name string, faults Faults) error {
	f, err := h.function(name)
	if err != nil {
		return err
	}
	if err := faults.check(); err != nil {
		return err
	}
	f.dice.set(faults)
	return nil
}

// Provision starts one more instance of the function and keeps it ready, as provisioned concurrency does. It gives the time
// from the start of the process to its first next. Errors: CodeNotFound; CodeThrottled at the concurrency limit;
// CodeUnavailable where the process does not start, with what it said.
func (h *Harness) Provision(ctx context.Context, name string) (time.Duration, error) {
	f, err := h.function(name)
	if err != nil {
		return 0, err
	}
	return f.provision(ctx)
}

// Stats tells what has happened to the function so far. Errors: CodeNotFound.
func (h *Harness) Stats(name string) (Stats, error) {
	f, err := h.function(name)
	if err != nil {
		return Stats{}, err
	}
	return f.stats.snapshot(), nil
}

// KillInstances ends all processes of the function at once, with what they are doing. Errors: CodeNotFound.
func (h *Harness) KillInstances(name string) error {
	f, err := h.function(name)
	if err != nil {
		return err
	}
	f.killAll()
	return nil
}

func (h *Harness) function(name string) (*function, error) {
	f := h.functions[name]
	if f == nil {
		return nil, dps.Errorf(dps.CodeNotFound, "no function is called %q", name)
	}
	return f, nil
}
