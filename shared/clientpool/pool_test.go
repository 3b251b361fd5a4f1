package clientpool_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"dps/shared/clientpool"
	"dps/shared/dps"
	"dps/shared/hubtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type client struct {
	name   string
	closed atomic.Bool
}

func (c *client) Close() error {
	if c.closed.Swap(true) {
		return fmt.Errorf("%s closed twice", c.name)
	}
	return nil
}

type fixture struct {
	*clientpool.Pool[*client]
	t      *testing.T
	counts hubtest.Counts
	opened atomic.Int32
}

func newFixture(t *testing.T, size int) *fixture {
	f := &fixture{t: t}
	f.Pool = clientpool.New[*client](clientpool.Options{Name: "pool", Size: size, Count: f.counts.Add})
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

func (f *fixture) open(context.Context) (*client, error) {
	return &client{name: fmt.Sprint(f.opened.Add(1))}, nil
}

func (f *fixture) get(key, settings string) *clientpool.Lease[*client] {
	f.t.Helper()
	print, err := clientpool.PrintOf(settings)
	if err != nil {
		f.t.Fatal(err)
	}
	l, err := f.Get(f.t.Context(), key, print, f.open)
	if err != nil {
		f.t.Fatal(err)
	}
	return l
}

func TestSameSettingsHit(t *testing.T) {
	f := newFixture(t, 4)
	first := f.get("hub", "a")
	defer first.Release()
	for range 9 {
		l := f.get("hub", "a")
		if l.Client() != first.Client() {
			t.Fatal("another client for the same settings")
		}
		l.Release()
		l.Release() // does nothing
	}
	if f.counts.Get("pool", "hit") != 9 || f.counts.Get("pool", "miss") != 1 {
		t.Fatalf("hits %d, misses %d; want 9 and 1", f.counts.Get("pool", "hit"), f.counts.Get("pool", "miss"))
	}
	if first.Client().closed.Load() {
		t.Fatal("closed while in use")
	}
}

func TestReplacedClientIsClosedByItsLastUser(t *testing.T) {
	f := newFixture(t, 4)
	old := f.get("hub", "a")
	fresh := f.get("hub", "b")
	defer fresh.Release()
	if old.Client() == fresh.Client() {
		t.Fatal("the same client for other settings")
	}
	if old.Client().closed.Load() {
		t.Fatal("closed while somebody uses it")
	}
	old.Release()
	if !old.Client().closed.Load() {
		t.Fatal("replaced and not closed")
	}
}

func TestLeastRecentlyUsedGivesWay(t *testing.T) {
	f := newFixture(t, 2)
	a, b := f.get("a", ""), f.get("b", "")
	a.Release()
	b.Release()
	f.get("a", "").Release()
	f.get("c", "").Release()
	if !b.Client().closed.Load() || a.Client().closed.Load() {
		t.Fatalf("closed: a %t, b %t; want b", a.Client().closed.Load(), b.Client().closed.Load())
	}
}

func TestOutdatedClientIsOpenedAnew(t *testing.T) {
	f := newFixture(t, 2)
	old := f.get("a", "")
	old.Outdate()
	fresh := f.get("a", "")
	defer fresh.Release()
	if fresh.Client() == old.Client() {
		t.Fatal("an outdated client is given")
	}
	old.Release()
	if !old.Client().closed.Load() {
		t.Fatal("outdated and not closed")
	}
}

func TestOutdatedClientServesWhileNoneCanBeOpened(t *testing.T) {
	f := newFixture(t, 2)
	old := f.get("a", "x")
	old.Outdate()
	old.Release()
	print, _ := clientpool.PrintOf("x")
	down := func(context.Context) (*client, error) {
		return nil, dps.Errorf(dps.CodeUnavailable, "secrets are down")
	}
	l, err := f.Get(t.Context(), "a", print, down)
	if err != nil || l.Client() != old.Client() {
		t.Fatalf("got %v, %v; want the old client", l, err)
	}
	l.Release()
	if f.counts.Get("pool", "stale") != 1 {
		t.Error("not counted as stale")
	}
	print, _ = clientpool.PrintOf("y")
	if _, err := f.Get(t.Context(), "a", print, down); dps.CodeOf(err) != dps.CodeUnavailable {
		t.Fatalf("other settings: %v, want unavailable", err)
	}
}

// Many users, two editions of the settings: everybody gets a client that is open as long as he has it.
func TestManyUsersAtOnce(t *testing.T) {
	f := newFixture(t, 2)
	var users sync.WaitGroup
	for i := range 64 {
		users.Go(func() {
			for j := range 50 {
				l := f.get(fmt.Sprint("hub", i%3), fmt.Sprint(j%2))
				if l.Client().closed.Load() {
					t.Error("leased a closed client")
				}
				l.Release()
			}
		})
	}
	users.Wait()
}

func TestCloseLetsUsersFinish(t *testing.T) {
	f := newFixture(t, 2)
	l := f.get("a", "")
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if l.Client().closed.Load() {
		t.Fatal("closed while in use")
	}
	l.Release()
	if !l.Client().closed.Load() {
		t.Fatal("left open")
	}
	print, _ := clientpool.PrintOf(time.Now())
	if _, err := f.Get(t.Context(), "b", print, f.open); dps.CodeOf(err) != dps.CodeUnavailable {
		t.Fatalf("after Close: %v", err)
	}
}
