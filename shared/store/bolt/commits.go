package bolt

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"go.etcd.io/bbolt"
)

const (
	// maxShared bounds how many writes share one transaction, so that nobody waits for a mountain of others.
	maxShared = 256
	// pace is how long after a commit the next may begin while only patient writes ask for it: a commit costs more
	// processor time than all else that a device asks of the store.
	pace = 8 * time.Millisecond
)

var errAbandoned = errors.New("the transaction was abandoned")

// commits makes concurrent writes share one transaction, and so one sync of the disk: while one caller has the turn, the
// others queue, and he commits for all who wait. It has no goroutine of its own.
type commits struct {
	db    *bbolt.DB
	turn  chan struct{} // holds a token while somebody has the turn
	hurry chan struct{} // holds a token once somebody who waits is not patient

	mu      sync.Mutex
	waiting []*write
	last    time.Time // the end of the last commit
}

// write is one caller's part of a transaction.
type write struct {
	apply func(*bbolt.Tx) error
	done  chan error // takes the answer without waiting for its reader
}

func newCommits(db *bbolt.DB) *commits {
	return &commits{db: db, turn: make(chan struct{}, 1), hurry: make(chan struct{}, 1)}
}

// now runs apply in a transaction that it may share with others, and returns once it is on disk. An error of apply undoes
// it, and only it. apply may run more than once, the last time counts. Where ctx ends before its turn has come, it is not
// run at all; after that, its end is waited for.
func (c *commits) now(ctx context.Context, apply func(*bbolt.Tx) error) error {
	w := c.enqueue(apply)
	c.makeHaste()
	return c.await(ctx, w)
}

// soon is now for a write that can wait for company, for as long as pace says.
func (c *commits) soon(ctx context.Context, apply func(*bbolt.Tx) error) error {
	return c.await(ctx, c.enqueue(apply))
}

func (c *commits) enqueue(apply func(*bbolt.Tx) error) *write {
	w := &write{apply, make(chan error, 1)}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waiting = append(c.waiting, w)
	if len(c.waiting) == maxShared {
		c.makeHaste()
	}
	return w
}

func (c *commits) makeHaste() {
	select {
	case c.hurry <- struct{}{}:
	default:
	}
}

// await takes the first turn there is, unless another has done the write in his.
func (c *commits) await(ctx context.Context, w *write) error {
	for {
		select {
		case err := <-w.done:
			return err
		case c.turn <- struct{}{}:
			c.lead(ctx, w)
		case <-ctx.Done():
			if c.withdraw(w) {
				return ctx.Err()
			}
			return <-w.done
		}
	}
}

// withdraw takes the write back, unless somebody has begun with it.
func (c *commits) withdraw(w *write) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(c.waiting, w)
	if i < 0 {
		return false
	}
	c.waiting = slices.Delete(c.waiting, i, i+1)
	return true
}

// lead commits for those who wait, unless w was done meanwhile or is given up, and ends the turn.
func (c *commits) lead(ctx context.Context, w *write) {
	defer func() { <-c.turn }()
	if len(w.done) > 0 || !c.keepPace(ctx) {
		return
	}
	writes := c.next()
	// Should an apply panic, the others must not wait for ever; who has his answer does not read this one.
	defer answer(writes, errAbandoned)
	c.commit(writes)
}

// keepPace waits until the next commit may begin, and tells whether that is before ctx ends.
func (c *commits) keepPace(ctx context.Context) bool {
	timer := time.NewTimer(c.untilNext())
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.hurry:
	case <-ctx.Done():
		return false
	}
	return true
}

func (c *commits) untilNext() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return max(0, pace-time.Since(c.last))
}
