package reach

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"dps/shared/ocf"
)

// fakeLink notes that it was closed.
type fakeLink struct{ closed *bool }

func (fakeLink) exchange(context.Context, request) (answer, error) { return answer{}, errClosed }
func (fakeLink) open() bool                                        { return true }
func (l fakeLink) close()                                          { *l.closed = true }

// TestRace: what a dead address costs, and who wins.
func TestRace(t *testing.T) {
	end := func(n uint16) endpoint {
		return endpoint{ocf.SchemeUDPSecure, netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), n)}
	}
	silent := func(ctx context.Context) (link, error) {
		<-ctx.Done()
		return nil, fail(ReasonNoAnswer, ctx.Err(), "silent")
	}
	for _, c := range []struct {
		name   string
		answer map[uint16]func(context.Context) (link, error) // by port; the others are silent for 10 s
		won    bool
		reason Reason
		took   time.Duration
		asked  int
	}{
		{name: "the first", answer: map[uint16]func(context.Context) (link, error){1: nil}, won: true, asked: 1},
		{name: "the third of dead ones", answer: map[uint16]func(context.Context) (link, error){3: nil}, won: true, took: 2 * headStart, asked: 3},
		{name: "all refuse", answer: map[uint16]func(context.Context) (link, error){1: refuse(ReasonNotOurs), 2: refuse(ReasonImpostor), 3: refuse(ReasonNotOurs)},
			reason: ReasonImpostor, asked: 3},
		{name: "all dead", reason: ReasonNoAnswer, took: 2*headStart + 10*time.Second, asked: 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var mu sync.Mutex
				var asked []uint16
				closed, started := false, time.Now()
				l, err := new(Client).race(t.Context(), []endpoint{end(1), end(2), end(3)}, func(ctx context.Context, e endpoint) (link, error) {
					mu.Lock()
					asked = append(asked, e.addr.Port())
					mu.Unlock()
					ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
					defer cancel()
					switch f, ok := c.answer[e.addr.Port()]; {
					case !ok:
						return silent(ctx)
					case f == nil:
						return fakeLink{&closed}, nil
					default:
						return f(ctx)
					}
				})
				if (l != nil) != c.won || closed || !c.won && ReasonOf(err) != c.reason {
					t.Errorf("link %v (closed %t), error %v", l, closed, err)
				}
				if took := time.Since(started); took != c.took || len(asked) != c.asked || !slices.IsSorted(asked) {
					t.Errorf("asked %v in %v, want %d in %v", asked, took, c.asked, c.took)
				}
			})
		})
	}
}

func refuse(r Reason) func(context.Context) (link, error) {
	return func(context.Context) (link, error) { return nil, fail(r, nil, "refused") }
}

// TestRaceClosesTheSecond: two links at once leave one.
func TestRaceClosesTheSecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make([]bool, 2)
		var n atomic.Int32
		l, _ := new(Client).race(t.Context(), make([]endpoint, 2), func(context.Context, endpoint) (link, error) {
			mine := n.Add(1) - 1
			time.Sleep(time.Minute - time.Duration(mine)*headStart) // both at once
			return fakeLink{&closed[mine]}, nil
		})
		if l == nil || closed[0] == closed[1] {
			t.Errorf("link %v, closed %v, want one of two", l, closed)
		}
	})
}
