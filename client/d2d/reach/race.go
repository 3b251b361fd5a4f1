package reach

import (
	"context"
	"time"

	"dps/shared/ocf"
)

// headStart is what an endpoint has over the next one: most devices answer sooner, and dead addresses cost no more than this.
const headStart = 500 * time.Millisecond

// attempt is how one endpoint ended.
type attempt struct {
	link link
	err  error
}

// race tries endpoints in their order, each a little after the one before or as soon as that one fails, and gives the first
// link that comes about; else the error that tells most, nil where there are no endpoints. A device names all its addresses
// and anybody can name more: trying them one after another would take their number of timeouts. Every attempt is over when
// race returns.
func (c *Client) race(ctx context.Context, all []endpoint, dial func(context.Context, endpoint) (link, error)) (link, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	results := make(chan attempt, len(all))
	timer := time.NewTimer(0)
	defer timer.Stop()
	var won link
	var worst error
	running := 0
	for next := 0; next < len(all) && won == nil || running > 0; {
		start := timer.C
		if next == len(all) || won != nil {
			start = nil
		}
		select {
		case <-start:
			e := all[next]
			next, running = next+1, running+1
			go func() {
				l, err := dial(ctx, e)
				results <- attempt{l, err}
			}()
			timer.Reset(headStart)
		case a := <-results:
			running--
			won, worst = settle(won, worst, a)
			if won != nil {
				cancel()
			} else {
				timer.Reset(0)
			}
		}
	}
	return won, worst
}

// settle counts an attempt in: a second link is closed.
func settle(won link, worst error, a attempt) (link, error) {
	switch {
	case a.err != nil:
		return won, telling(worst, a.err)
	case won != nil:
		a.link.close()
		return won, worst
	default:
		return a.link, worst
	}
}

// usable gives the endpoints that these credentials work at.
func (c Credentials) usable(all []endpoint) []endpoint {
	var out []endpoint
	for _, e := range all {
		if e.scheme == ocf.SchemeUDPSecure || e.scheme == ocf.SchemeTCPSecure && c.PSK == nil {
			out = append(out, e)
		}
	}
	return out
}
