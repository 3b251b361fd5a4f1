//go:build !unix

package bolt

import "os"

// letGo closes the file, and its lock with it.
func letGo(file *os.File) error { return file.Close() }
