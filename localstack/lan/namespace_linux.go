package lan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"runtime"
	"sync"

	"golang.org/x/sys/unix"
)

// Namespace is a network of its own (network_namespaces(7)), with nothing in it but loopback: whoever runs there has no route to
// anything outside. It needs root, or CAP_SYS_ADMIN.
type Namespace struct {
	file    *os.File
	relays  sync.WaitGroup
	closing []func()
}

// NewNamespace makes one. Close frees it.
func NewNamespace() (*Namespace, error) {
	n := new(Namespace)
	err := onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("a network namespace of its own needs root, or CAP_SYS_ADMIN: %w", err)
		}
		if err := raiseLoopback(); err != nil {
			return fmt.Errorf("loopback in the network namespace: %w", err)
		}
		f, err := os.Open("/proc/thread-self/ns/net")
		n.file = f
		return err
	})
	if err != nil {
		return nil, err
	}
	return n, nil
}

// Do calls f within: sockets that it opens, by address and not by name, and processes that it starts, are of this network.
func (n *Namespace) Do(f func() error) error {
	return onThread(func() error {
		if err := unix.Setns(int(n.file.Fd()), unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("entering the network namespace: %w", err)
		}
		return f()
	})
}

// Start starts a process within.
func (n *Namespace) Start(c *exec.Cmd) error { return n.Do(c.Start) }

// Relay lets what connects to the listener, which is outside, through to an address within, until Close: as ssh -L would.
func (n *Namespace) Relay(l net.Listener, to string) {
	ctx, cancel := context.WithCancel(context.Background())
	n.closing = append(n.closing, func() { cancel(); _ = l.Close() })
	n.relays.Go(func() {
		for {
			outer, err := l.Accept()
			if err != nil {
				return
			}
			n.relays.Go(func() { n.relay(ctx, outer, to) })
		}
	})
}

func (n *Namespace) relay(ctx context.Context, outer net.Conn, to string) {
	defer func() { _ = outer.Close() }()
	var inner net.Conn
	if err := n.Do(func() (err error) {
		inner, err = new(net.Dialer).DialContext(ctx, "tcp", to)
		return err
	}); err != nil {
		return
	}
	stop := context.AfterFunc(ctx, func() { _, _ = inner.Close(), outer.Close() })
	defer stop()
	var both sync.WaitGroup
	for _, pair := range [][2]net.Conn{{inner, outer}, {outer, inner}} {
		both.Go(func() {
			_, _ = io.Copy(pair[0], pair[1])
			if tcp, ok := pair[0].(*net.TCPConn); ok {
				_ = tcp.CloseWrite()
			}
		})
	}
	both.Wait()
	_ = inner.Close()
}

// Close ends the relays. The network itself goes with the last socket and process in it.
func (n *Namespace) Close() error {
	for _, f := range n.closing {
		f()
	}
	n.relays.Wait()
	return n.file.Close()
}

// onThread calls f on a thread that ends with it: what f does to the thread is done to nobody else.
func onThread(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked
		err := errors.New("ended early")
		defer func() { done <- err }()
		err = f()
	}()
	return <-done
}

// raiseLoopback does what "ip link set lo up" does, on this thread's network.
func raiseLoopback() error {
	s, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	defer func() { _ = unix.Close(s) }()
	r, err := unix.NewIfreq("lo")
	if err != nil {
		return err
	}
	if err := unix.IoctlIfreq(s, unix.SIOCGIFFLAGS, r); err != nil {
		return err
	}
	r.SetUint16(r.Uint16() | unix.IFF_UP)
	return unix.IoctlIfreq(s, unix.SIOCSIFFLAGS, r)
}
