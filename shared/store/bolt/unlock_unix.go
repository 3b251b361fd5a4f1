//go:build unix

package bolt

import (
	"errors"
	"os"
	"syscall"
)

// letGo closes the file and its lock, which a memory map that nobody can undo any more would keep.
func letGo(file *os.File) error {
	return errors.Join(syscall.Flock(int(file.Fd()), syscall.LOCK_UN), file.Close())
}
