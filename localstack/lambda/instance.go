package lambda

import (
	"context"
	"net"
	"net/http"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"dps/shared/dps"
)

// shutdownTime lies between SIGTERM and SIGKILL, as for a function with an internal extension.
const shutdownTime = 500 * time.Millisecond

// instance is one process of a function, with a runtime API of its own.
type instance struct {
	id      string
	f       *function
	process *exec.Cmd
	api     *http.Server
	output  *lineWriter
	started time.Time

	begun chan struct{}    // closed when all of this is filled in: the process may be quicker
	work  chan *invocation // from serve to the process's next
	ready chan struct{}    // closed with the first next
	dead  chan struct{}    // closed when the process has ended

	becameReady sync.Once
	initTook    time.Duration // to be read once ready is closed
	initLimit   *time.Timer
	initExpired atomic.Bool
	term        sync.Once

	mu      sync.Mutex
	current *invocation
	initErr []byte // what the process reported before it ended
}

// startInstance starts the process. What it needs is given back when the process has ended.
func startInstance(f *function) (*instance, error) {
	listener, err := (&net.ListenConfig{}).Listen(f.h.life, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	in := &instance{
		id: dps.NewUUID(), f: f, output: f.h.output.writer(),
		begun: make(chan struct{}), work: make(chan *invocation), ready: make(chan struct{}), dead: make(chan struct{}),
	}
	in.api = &http.Server{Handler: in.routes(), ReadHeaderTimeout: 5 * time.Second}
	f.h.running.Go(func() { _ = in.api.Serve(listener) }) // its end is the process's
	in.process = newProcess(in, listener.Addr().String())
	in.started = time.Now()
	if err := in.process.Start(); err != nil {
		_ = in.api.Close()
		return nil, err
	}
	in.initLimit = time.AfterFunc(InitTimeout, func() { in.initExpired.Store(true); in.kill() })
	close(in.begun)
	f.h.running.Go(in.wait)
	return in, nil
}

// wait gives everything back when the process has ended.
func (in *instance) wait() {
	_ = in.process.Wait() // how it ended stands in ProcessState
	in.initLimit.Stop()
	_ = in.api.Close()
	in.output.flush()
	in.f.forget(in)
	close(in.dead)
}

// serve hands the event over and waits for its end. served is false where a ready instance ended before it took the event:
// then another can.
func (in *instance) serve(life context.Context, inv *invocation) (res result, served bool) {
	select {
	case in.work <- inv:
	case <-in.dead:
		return in.initFailure(inv.id), !in.wasReady()
	case <-life.Done():
		return result{}, false
	}
	timeout := time.NewTimer(in.f.cfg.Timeout)
	defer timeout.Stop()
	select {
	case res := <-inv.answer:
		return res, true
	case <-in.dead:
		return in.ended(inv), true
	case <-timeout.C:
		in.kill()
		<-in.dead
		return timedOut(inv.id, in.f.cfg.Timeout), true
	case <-life.Done():
		return result{}, false
	}
}

// ended is the result of an invocation whose process has ended: it may have answered first.
func (in *instance) ended(inv *invocation) result {
	select {
	case res := <-inv.answer:
		return res
	default:
		return exited(inv.id, in.process.ProcessState.String())
	}
}

// initFailure is the result of an invocation whose instance did not become ready; in.dead is closed.
func (in *instance) initFailure(requestID string) result {
	in.mu.Lock()
	defer in.mu.Unlock()
	switch {
	case in.initExpired.Load():
		return timedOut(requestID, InitTimeout)
	case in.initErr != nil:
		return result{payload: in.initErr, failed: true}
	default:
		return exited(requestID, in.process.ProcessState.String())
	}
}

func (in *instance) isDead() bool { return isClosed(in.dead) }

func (in *instance) wasReady() bool { return isClosed(in.ready) }

func (in *instance) kill() { _ = in.process.Process.Kill() } // it may have ended already

// stop ends the process: SIGTERM, and SIGKILL where that does not help in time.
func (in *instance) stop() {
	in.term.Do(func() {
		if terminate(in.process.Process) != nil {
			in.kill()
		}
	})
	timer := time.NewTimer(shutdownTime)
	defer timer.Stop()
	select {
	case <-in.dead:
	case <-timer.C:
		in.kill()
		<-in.dead
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
