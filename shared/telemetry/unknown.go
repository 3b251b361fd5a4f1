package telemetry

import (
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
)

// maxUnknown bounds the unknown names that are remembered.
const maxUnknown = 64

// unknownNames remembers the names that the tables do not have, and tells of each once.
type unknownNames struct {
	waiting atomic.Bool // some are yet to be told of

	mu    sync.Mutex
	names map[string]bool // true: told of
}

func (u *unknownNames) add(name string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if _, known := u.names[name]; known || len(u.names) >= maxUnknown {
		return
	}
	if u.names == nil {
		u.names = make(map[string]bool)
	}
	u.names[name] = false
	u.waiting.Store(true)
}

func (u *unknownNames) all() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Sorted(maps.Keys(u.names))
}

// tell logs the names that were not logged yet.
func (u *unknownNames) tell(log *slog.Logger) {
	if !u.waiting.Load() {
		return
	}
	u.mu.Lock()
	var fresh []string
	for name, told := range u.names {
		if !told {
			u.names[name], fresh = true, append(fresh, name)
		}
	}
	u.waiting.Store(false)
	u.mu.Unlock()
	for _, name := range fresh {
		log.Error("an event is reported under a name that the table of metrics does not have", "event", name)
	}
}
