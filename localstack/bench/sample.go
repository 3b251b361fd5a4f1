package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// sample is what a server process has used so far, and what it holds now, as it sees itself.
type sample struct {
	CPU         time.Duration `json:"cpuNs"` // user and system, since the process began
	Allocations uint64        `json:"allocations"`
	Allocated   uint64        `json:"allocatedBytes"`
	Resident    int64         `json:"residentBytes"`   // memory of its own (RssAnon); 0 where the system does not tell
	Mapped      int64         `json:"mappedFileBytes"` // resident pages of files: the program, the database (RssFile)
	Goroutines  int           `json:"goroutines"`
	Descriptors int           `json:"descriptors"` // 0 where the system does not tell
}

// takeSample looks at this process. Errors: of the system.
func takeSample() (sample, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	s := sample{Allocations: m.Mallocs, Allocated: m.TotalAlloc, Goroutines: runtime.NumGoroutine(), Descriptors: descriptors()}
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return s, fmt.Errorf("CPU time of this process: %w", err)
	}
	s.CPU = time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	status, err := os.ReadFile("/proc/self/status")
	if err == nil { // Linux
		s.Resident, s.Mapped = statusBytes(status, "RssAnon:"), statusBytes(status, "RssFile:")
	}
	return s, nil
}

// collect gives everything unused back to the system. Twice: a stack shrinks by half in each collection, and what a pool
// holds survives one.
func collect() {
	runtime.GC()
	runtime.GC()
	debug.FreeOSMemory()
}

// descriptors counts the open ones, without the one that it counts with.
func descriptors() int {
	open, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		return 0
	}
	return len(open) - 1
}

// statusBytes finds a size in the form of /proc/PID/status (proc(5)): "Name:   123 kB".
func statusBytes(status []byte, name string) int64 {
	lines := bufio.NewScanner(bytes.NewReader(status))
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), name); ok {
			n, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return n << 10
		}
	}
	return 0
}
