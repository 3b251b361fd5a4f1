package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/pprof"
)

// What the driver asks of a role, one JSON object a line on its standard input; each is answered by a line.
const (
	doSample       = "sample"        // say what is used and held
	doCollect      = "collect"       // give unused memory back first, then as doSample
	doStartProfile = "start-profile" // profile the CPU into File
	doStopProfile  = "stop-profile"
	doHeapProfile  = "heap-profile" // write the allocation profile to File
)

type command struct {
	Do   string `json:"do"`
	File string `json:"file,omitempty"`
}

// reply is a role's answer; its first line, unasked, says where it listens.
type reply struct {
	Error   string `json:"error,omitempty"`
	Address string `json:"address,omitempty"`
	Hub     string `json:"hub,omitempty"` // YAML: the hub's part of an enrollment group
	Sample  sample `json:"sample"`
}

// control answers commands until in ends, which is how the driver, or its death, ends a role. Errors: of reading and writing.
func control(in io.Reader, out io.Writer) error {
	var c controller
	defer c.stopProfile()
	commands, replies := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var cmd command
		err := commands.Decode(&cmd)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("command: %w", err)
		}
		if err := replies.Encode(c.do(cmd)); err != nil {
			return fmt.Errorf("reply: %w", err)
		}
	}
}

// controller holds the profile that is being written.
type controller struct{ profile *os.File }

func (c *controller) do(cmd command) reply {
	var r reply
	var err error
	switch cmd.Do {
	case doCollect:
		collect()
		r.Sample, err = takeSample()
	case doSample:
		r.Sample, err = takeSample()
	case doStartProfile:
		err = c.startProfile(cmd.File)
	case doStopProfile:
		c.stopProfile()
	case doHeapProfile:
		err = writeHeapProfile(cmd.File)
	default:
		err = fmt.Errorf("command %q is unknown", cmd.Do)
	}
	if err != nil {
		r.Error = err.Error()
	}
	return r
}

func (c *controller) startProfile(file string) error {
	c.stopProfile()
	f, err := os.Create(file) //nolint:gosec // the file that the user names
	if err != nil {
		return err
	}
	c.profile = f
	return pprof.StartCPUProfile(f)
}

func (c *controller) stopProfile() {
	if c.profile == nil {
		return
	}
	pprof.StopCPUProfile()
	_ = c.profile.Close() // a profile cut short is seen by who reads it
	c.profile = nil
}

func writeHeapProfile(file string) error {
	f, err := os.Create(file) //nolint:gosec // the file that the user names
	if err != nil {
		return err
	}
	return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close())
}

// underControl runs serve until control ends, or serve does.
func underControl(ctx context.Context, io stdio, hello reply, serve func(context.Context) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if err := json.NewEncoder(io.out).Encode(hello); err != nil {
		return fmt.Errorf("reply: %w", err)
	}
	served := make(chan error, 1)
	go func() { served <- serve(ctx) }()
	controlled := make(chan error, 1)
	go func() { controlled <- control(io.in, io.out) }() // ends with the input, which the driver closes
	select {
	case err := <-served:
		return err
	case err := <-controlled:
		cancel()
		return errors.Join(err, <-served)
	}
}
