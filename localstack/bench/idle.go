package main

import (
	"cmp"
	"context"
	"crypto/tls"
	"sync"
)

// idle tells how many resident bytes each of count connections holds that have asked the time and now say nothing.
func (s subject) idle(ctx context.Context, count int) (bytesEach float64, err error) {
	before, err := s.process.ask(command{Do: doCollect})
	if err != nil {
		return 0, err
	}
	conns, err := s.openIdle(ctx, count)
	defer func() {
		for _, c := range conns {
			_ = c.Close()
		}
	}()
	if err != nil {
		return 0, err
	}
	if err := pause(ctx, settleTime); err != nil {
		return 0, err
	}
	after, err := s.process.ask(command{Do: doCollect})
	if err != nil {
		return 0, err
	}
	return float64(after.Sample.Resident-before.Sample.Resident) / float64(count), nil
}

// openIdle opens connections, some at a time. What is open is given back beside the first error too.
func (s subject) openIdle(ctx context.Context, count int) ([]*tls.Conn, error) {
	parts := make([][]*tls.Conn, s.driver.concurrency)
	errs := make([]error, len(parts))
	var wg sync.WaitGroup
	for i := range parts {
		wg.Go(func() {
			w, err := newWorker(s.driver.target)
			for n := i; n < count && err == nil; n += len(parts) {
				var c *tls.Conn
				d := s.driver.nextDevice()
				if c, err = w.connect(ctx, d); err != nil {
					break
				}
				parts[i] = append(parts[i], c)
				err = w.ask(c, &d.requests[0], nil)
			}
			errs[i] = err
		})
	}
	wg.Wait()
	var all []*tls.Conn
	for _, p := range parts {
		all = append(all, p...)
	}
	return all, cmp.Or(errs...)
}
