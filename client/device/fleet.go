package device

import (
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"dps/shared/dps"
)

// FleetConfig says how many devices to let loose.
type FleetConfig struct {
	Count       int // devices in all, at least 1
	Concurrency int // at once; default 1
	// NewDevice makes the configuration of device i, from 0. It is called when the device's turn comes, from several
	// goroutines at once.
	NewDevice        func(i int) (Config, error)
	ConnectToGateway bool // after provisioning: sign up, sign in, publish
	Renew            bool // after that: one renewal of the identity certificate
	// Done is told of each device as it ends, one at a time; nil: nobody.
	Done     func(i int, o Outcome)
	Progress io.Writer        // gets a bar on a terminal, else a line at each tenth; nil: nothing
	Clock    func() time.Time // default time.Now
}

// Outcome is what became of one device: as far as it came, and the error that stopped it.
type Outcome struct {
	DeviceID     string
	Provisioned  *Result
	Registration *Registration
	Renewed      *Result
	Err          error
}

// RunFleet provisions the devices and sums up. Failures of devices are in the summary, not in the error. Errors:
// CodeInvalid; the context's error together with the summary so far, in which a device cut off counts as failed.
func RunFleet(ctx context.Context, cfg FleetConfig) (*Summary, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	f := &fleet{cfg: cfg, tally: newTally(), progress: newProgress(cfg.Progress, cfg.Count)}
	started := cfg.Clock()
	f.run(ctx)
	f.progress.finish()
	return f.tally.summary(cfg.Clock().Sub(started)), ctx.Err()
}

func (c *FleetConfig) check() error {
	orElse(&c.Concurrency, 1)
	if c.Clock == nil {
		c.Clock = time.Now
	}
	if c.Done == nil {
		c.Done = func(int, Outcome) {}
	}
	var errs []error
	if c.Count < 1 {
		errs = append(errs, dps.Errorf(dps.CodeInvalid, "Count is %d: give the number of devices, at least 1", c.Count))
	}
	if c.Concurrency < 1 {
		errs = append(errs, dps.Errorf(dps.CodeInvalid, "Concurrency is %d: give the number of devices at once, at least 1", c.Concurrency))
	}
	if c.NewDevice == nil {
		errs = append(errs, dps.Errorf(dps.CodeInvalid, "NewDevice is missing: it makes each device's configuration"))
	}
	return errors.Join(errs...)
}

// fleet is one run.
type fleet struct {
	cfg      FleetConfig
	tally    *tally
	progress progress
	ending   sync.Mutex // one device ends at a time
}

// run starts as many workers as devices may be at once, and waits for them.
func (f *fleet) run(ctx context.Context) {
	turns := make(chan int)
	var workers sync.WaitGroup
	for range min(f.cfg.Concurrency, f.cfg.Count) {
		workers.Go(func() {
			for i := range turns {
				f.end(i, f.one(ctx, i))
			}
		})
	}
	for i := 0; i < f.cfg.Count && ctx.Err() == nil; i++ {
		select {
		case turns <- i:
		case <-ctx.Done():
		}
	}
	close(turns)
	workers.Wait()
}

// one lets one device live.
func (f *fleet) one(ctx context.Context, i int) (o Outcome) {
	cfg, err := f.cfg.NewDevice(i)
	if err != nil {
		return Outcome{Err: err}
	}
	cfg.Observer = f.tally.listen(cfg.Observer)
	d, err := New(cfg)
	if err != nil {
		return Outcome{Err: err}
	}
	o.DeviceID = d.ID()
	if o.Provisioned, o.Err = d.Provision(ctx); o.Err == nil && f.cfg.ConnectToGateway {
		o.Registration, o.Err = d.Connect(ctx)
	}
	if o.Err == nil && f.cfg.Renew {
		o.Renewed, o.Err = d.Renew(ctx)
	}
	return o
}

func (f *fleet) end(i int, o Outcome) {
	f.ending.Lock()
	defer f.ending.Unlock()
	f.tally.end(o.Err)
	f.progress.step(o.Err != nil)
	f.cfg.Done(i, o)
}
