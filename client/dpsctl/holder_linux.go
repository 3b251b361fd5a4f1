package dpsctl

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// holder names the process that has locked the file, "" where none has or the kernel does not tell (proc(5), /proc/locks).
func holder(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return ""
	}
	locks, err := os.ReadFile("/proc/locks")
	if err != nil {
		return ""
	}
	pid := lockedBy(string(locks), fmt.Sprintf("%02x:%02x:%d", unix.Major(stat.Dev), unix.Minor(stat.Dev), stat.Ino))
	if pid <= 0 {
		return ""
	}
	name, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/comm") // the number alone helps, too
	if comm := strings.TrimSpace(string(name)); comm != "" {
		return "process " + strconv.Itoa(pid) + " (" + clean(comm) + ")"
	}
	return "process " + strconv.Itoa(pid)
}

// lockedBy finds the process that holds, and does not wait for, a lock on the file: lines are such as
// "1: FLOCK  ADVISORY  WRITE 1234 fd:01:5678 0 EOF".
func lockedBy(locks, file string) int {
	for line := range strings.Lines(locks) {
		if f := strings.Fields(line); len(f) >= 6 && f[1] == "FLOCK" && f[5] == file {
			pid, _ := strconv.Atoi(f[4])
			return pid
		}
	}
	return 0
}
