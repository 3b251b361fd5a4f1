package dpsctl

import "testing"

func TestLockedBy(t *testing.T) {
	const locks = `1: POSIX  ADVISORY  READ  11 fd:01:5678 128 128
2: FLOCK  ADVISORY  WRITE 22 fd:01:5678 0 EOF
2: -> FLOCK  ADVISORY  WRITE 33 fd:01:9 0 EOF
3: FLOCK  ADVISORY  WRITE 44 fd:01:56789 0 EOF
broken
`
	for file, want := range map[string]int{"fd:01:5678": 22, "fd:01:56789": 44, "fd:01:9": 0, "fd:01:567": 0} {
		if got := lockedBy(locks, file); got != want {
			t.Errorf("%s is locked by %d, want %d", file, got, want)
		}
	}
}
