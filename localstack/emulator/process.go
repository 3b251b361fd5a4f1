package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const (
	startTimeout = 60 * time.Second // until an emulator answers: a first start on a busy machine is slow
	startTries   = 3                // another program may take the free port first
	stopGrace    = 3 * time.Second
	pollInterval = 50 * time.Millisecond
	maxOutput    = 16 << 10 // bytes of an emulator's output that are kept for error messages
)

// starter is the way to start an emulator.
type starter struct {
	dir  string // working folder
	args func(port string) []string
}

// process is an emulator that runs.
type process struct {
	cmd      *exec.Cmd
	endpoint string
	output   *tail
	ended    chan struct{} // closed when the process has ended
}

// start starts the emulator on a free port and waits until it answers.
func (s starter) start(ctx context.Context) (p *process, err error) {
	for range startTries {
		if p, err = s.try(ctx); err == nil || ctx.Err() != nil {
			return p, err
		}
	}
	return nil, err
}

func (s starter) try(ctx context.Context) (*process, error) {
	port, err := freePort(ctx)
	if err != nil {
		return nil, err
	}
	args := s.args(port)
	// Not CommandContext: it must outlive the command, which ctx ends.
	cmd := exec.Command(args[0], args[1:]...) //nolint:gosec,noctx // fixed programs, see prepare
	p := &process{cmd: cmd, endpoint: "http://127.0.0.1:" + port, output: new(tail), ended: make(chan struct{})}
	cmd.Dir, cmd.Stdout, cmd.Stderr, cmd.SysProcAttr = s.dir, p.output, p.output, dependent()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = cmd.Wait() // how it ended is in its output
		close(p.ended)
	}()
	if err := p.await(ctx); err != nil {
		p.stop()
		return nil, fmt.Errorf("%w\n%s", err, p.output)
	}
	return p, nil
}

// await waits until the emulator answers HTTP, whatever it says.
func (p *process) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	poll := time.NewTicker(pollInterval)
	defer poll.Stop()
	for {
		if answers(ctx, p.endpoint) {
			return nil
		}
		select {
		case <-p.ended:
			return errors.New("it ended at once")
		case <-ctx.Done():
			return errors.New("it does not answer")
		case <-poll.C:
		}
	}
}

func answers(ctx context.Context, endpoint string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint, http.NoBody)
	if err != nil {
		return false
	}
	req.Close = true
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return true
}

// stop ends the process and waits for its end.
func (p *process) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	timer := time.AfterFunc(stopGrace, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	<-p.ended
}

func freePort(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	port := l.Addr().(*net.TCPAddr).Port
	return strconv.Itoa(port), l.Close()
}

// tail keeps the end of what is written to it.
type tail struct {
	mu   sync.Mutex
	kept []byte
}

// Write implements io.Writer.
func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept = append(t.kept, p...)
	t.kept = t.kept[max(0, len(t.kept)-maxOutput):]
	return len(p), nil
}

// String gives what is kept.
func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.kept)
}
