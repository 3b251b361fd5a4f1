//go:build unix

package lambda

import (
	"os"
	"os/exec"
	"syscall"
)

// detach keeps a terminal's ^C from the functions: the harness ends them, after those who still invoke them.
func detach(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

func terminate(p *os.Process) error { return p.Signal(syscall.SIGTERM) }
