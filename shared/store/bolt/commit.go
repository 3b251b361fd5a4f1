package bolt

import (
	"slices"
	"time"

	"go.etcd.io/bbolt"
)

// next gives the writes of the next commit: who came first, goes first.
func (c *commits) next() []*write {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := min(len(c.waiting), maxShared)
	writes := slices.Clone(c.waiting[:n])
	c.waiting = slices.Delete(c.waiting, 0, n)
	return writes
}

func (c *commits) commit(writes []*write) {
	refused := false
	err := c.db.Update(func(tx *bbolt.Tx) error {
		for _, w := range writes {
			if err := w.apply(tx); err != nil {
				refused = true
				return err
			}
		}
		return nil
	})
	if refused && len(writes) > 1 {
		c.commitEach(writes)
	} else {
		answer(writes, err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.last = time.Now()
}

// commitEach gives each write a transaction of its own, after one error has undone what the others did, and may have come
// from what they did.
func (c *commits) commitEach(writes []*write) {
	for _, w := range writes {
		answer([]*write{w}, c.db.Update(w.apply))
	}
}

func answer(writes []*write, err error) {
	for _, w := range writes {
		select {
		case w.done <- err:
		default:
		}
	}
}
