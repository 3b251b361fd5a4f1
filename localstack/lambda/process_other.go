//go:build !unix

package lambda

import (
	"errors"
	"os"
	"os/exec"
)

func detach(*exec.Cmd) {}

func terminate(*os.Process) error { return errors.ErrUnsupported }
