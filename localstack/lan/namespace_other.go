//go:build !linux

package lan

import (
	"errors"
	"net"
	"os/exec"
)

// Namespace is a network of its own; Linux alone has them.
type Namespace struct{}

// NewNamespace fails.
func NewNamespace() (*Namespace, error) {
	return nil, errors.New("a network namespace of its own needs Linux")
}

// Do calls f.
func (*Namespace) Do(f func() error) error { return f() }

// Start starts a process.
func (*Namespace) Start(c *exec.Cmd) error { return c.Start() }

// Relay does nothing.
func (*Namespace) Relay(net.Listener, string) {}

// Close does nothing.
func (*Namespace) Close() error { return nil }
