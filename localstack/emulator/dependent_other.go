//go:build !linux

package main

import "syscall"

// dependent has nothing to offer here: a process is ended by stop alone, and stays where this one is killed outright.
func dependent() *syscall.SysProcAttr { return nil }
