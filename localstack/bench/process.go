package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

const (
	// stopTimeout is what a role gets to end by itself: the service drains for up to 30 s.
	stopTimeout = 35 * time.Second
	// logTailSize is how much of a role's log an error shows, in bytes.
	logTailSize = 2 << 10
)

// process is a role in a process of its own. Its standard error goes to NAME.log in the run's folder.
type process struct {
	name    string
	hello   reply
	cmd     *exec.Cmd
	input   io.WriteCloser
	output  *json.Decoder
	logFile *os.File
}

// startProcess starts this program anew in a role and awaits its first words. Errors: the role's own.
func startProcess(ctx context.Context, dir, role string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	p := &process{name: role}
	if p.logFile, err = os.Create(filepath.Join(dir, role+".log")); err != nil { //nolint:gosec // the run's own folder
		return nil, err
	}
	p.cmd = exec.CommandContext(ctx, self, roleArgument, role, dir) //nolint:gosec // this program
	p.cmd.Stderr = p.logFile
	if p.input, err = p.cmd.StdinPipe(); err != nil {
		return nil, errors.Join(err, p.logFile.Close())
	}
	p.cmd.Cancel, p.cmd.WaitDelay = p.input.Close, stopTimeout
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, errors.Join(err, p.logFile.Close())
	}
	p.output = json.NewDecoder(out)
	if err := p.cmd.Start(); err != nil {
		return nil, errors.Join(err, p.logFile.Close())
	}
	if err := p.output.Decode(&p.hello); err != nil {
		return nil, errors.Join(fmt.Errorf("%s does not start: %w", role, err), p.stop())
	}
	return p, nil
}

// ask sends a command and awaits its reply.
func (p *process) ask(cmd command) (reply, error) {
	var r reply
	if err := json.NewEncoder(p.input).Encode(cmd); err != nil {
		return r, fmt.Errorf("%s: %w", p.name, err)
	}
	if err := p.output.Decode(&r); err != nil {
		return r, fmt.Errorf("%s: %w", p.name, err)
	}
	if r.Error != "" {
		return r, fmt.Errorf("%s: %s", p.name, r.Error)
	}
	return r, nil
}

// stop ends the process and tells how it ended.
func (p *process) stop() error {
	err := p.input.Close()
	if errors.Is(err, os.ErrClosed) {
		err = nil
	}
	timer := time.AfterFunc(stopTimeout, func() { _ = p.cmd.Process.Kill() })
	defer timer.Stop()
	if e := p.cmd.Wait(); e != nil {
		err = errors.Join(err, fmt.Errorf("%s: %w", p.name, e))
	}
	return errors.Join(err, p.logFile.Close())
}

// logTail gives the ends of all roles' logs as an error, nil where they have said nothing.
func logTail(dir string) error {
	files, _ := filepath.Glob(filepath.Join(dir, "*.log"))
	var all []error
	for _, file := range files {
		data, err := os.ReadFile(file) //nolint:gosec // the run's own folder
		if err != nil || len(data) == 0 {
			continue
		}
		all = append(all, fmt.Errorf("%s says: %s", filepath.Base(file), data[max(0, len(data)-logTailSize):]))
	}
	return errors.Join(all...)
}
