package main

import "syscall"

// dependent makes a process that dies with this one, however this one ends, and that no Ctrl-C meant for the command ends.
func dependent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
