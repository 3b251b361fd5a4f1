package reach

import (
	"context"
	"sync"
	"time"
)

// minSweep is the least time between two looks for idle sessions.
const minSweep = time.Second

// Client reaches devices. Its methods can be called from several goroutines; requests to one device wait for one another.
type Client struct {
	o        Options
	known    registry
	sessions sessions
	stop     context.CancelFunc
	janitor  sync.WaitGroup
}

// New makes a Client; Close ends it. Errors: CodeInvalid for a bad option.
func New(o Options) (*Client, error) {
	o, err := o.check()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background()) // ends with Close
	c := &Client{o: o, stop: cancel}
	c.known.limit = o.MaxDevices
	c.sessions.limit, c.sessions.idle = o.MaxSessions, o.IdleTimeout
	c.janitor.Go(func() { c.sweep(ctx) })
	return c, nil
}

// Close ends every session. What is under way fails or ends by itself; what comes later fails with ReasonClosed.
func (c *Client) Close() {
	c.stop()
	c.janitor.Wait()
	c.sessions.close()
}

func (c *Client) sweep(ctx context.Context) {
	t := time.NewTicker(max(c.o.IdleTimeout/2, minSweep))
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-t.C:
			c.sessions.sweep(now)
		}
	}
}

// Forget forgets every device and ends every session: for a client that changes hands.
func (c *Client) Forget() {
	c.known.clear()
	c.sessions.sweep(time.Now().Add(c.o.IdleTimeout))
}

// Known gives what was last discovered of a device, without asking it. Errors: ReasonUnknown.
func (c *Client) Known(id string) (Device, error) {
	id, err := checkID(id)
	if err != nil {
		return Device{}, err
	}
	f, ok := c.known.get(id)
	if !ok {
		return Device{}, unknown(id)
	}
	return f.device, nil
}
