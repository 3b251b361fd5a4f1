// Package clientpool keeps one open client per hub: opened once, used by all, replaced when the hub's settings change, and
// closed when its last user is done with it.
package clientpool

import (
	"container/list"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"sync"
	"time"

	"dps/shared/dps"
	"dps/shared/flight"
)

// openTimeout bounds the opening of a client: secrets are read, nothing is dialed.
const openTimeout = 5 * time.Second

// Print tells settings apart.
type Print [sha256.Size]byte

// PrintOf gives the print of everything that goes into a client, as it is encoded in JSON. Errors: CodeInternal.
func PrintOf(settings any) (Print, error) {
	data, err := json.Marshal(settings)
	if err != nil {
		return Print{}, dps.Wrap(dps.CodeInternal, err, "settings cannot be encoded")
	}
	return sha256.Sum256(data), nil
}

// Options are a pool's.
type Options struct {
	Name  string                    // in counters: "oauth_client"
	Size  int                       // clients kept; the least recently used gives way
	Count func(name, reason string) // is told "hit", "miss", "stale" and "closed"; nil: nobody
	// Gauge is given how many clients there are, under "cache_size" and the name. nil: nobody is.
	Gauge func(name, label string, read func() float64) (stop func())
}

// Pool is safe for concurrent use.
type Pool[C io.Closer] struct {
	o     Options
	opens *flight.Group[*entry[C]]

	mu      sync.Mutex
	entries map[string]*list.Element // of *entry[C]
	recent  *list.List               // most recently used first
	closed  bool
}

// New makes an empty pool.
func New[C io.Closer](o Options) *Pool[C] {
	if o.Count == nil {
		o.Count = func(string, string) {}
	}
	p := &Pool[C]{o: o, opens: flight.New[*entry[C]](openTimeout), entries: make(map[string]*list.Element), recent: list.New()}
	if o.Gauge != nil {
		o.Gauge("cache_size", o.Name, func() float64 { return float64(p.Len()) })
	}
	return p
}

// Len is how many clients are kept.
func (p *Pool[C]) Len() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.entries)
}

// Get gives the key's client with these settings, opening it where there is none; a client with other settings is
// replaced. The caller must Release the lease. Errors: open's; CodeUnavailable after Close, or where ctx ends first.
func (p *Pool[C]) Get(ctx context.Context, key string, settings Print, open func(context.Context) (C, error)) (*Lease[C], error) {
	if l := p.find(key, settings, false); l != nil {
		p.o.Count(p.o.Name, "hit")
		return l, nil
	}
	p.o.Count(p.o.Name, "miss")
	for {
		e, err := p.opens.Do(ctx, key+string(settings[:]), func(ctx context.Context) (*entry[C], error) {
			return p.open(ctx, key, settings, open)
		})
		if err != nil {
			return p.stale(key, settings, err)
		}
		if l := e.lease(); l != nil {
			return l, nil
		}
		// Replaced and closed between the flight's end and here: somebody else has other settings of the hub.
		if err := ctx.Err(); err != nil {
			return nil, dps.Wrap(dps.CodeUnavailable, err, "no client in time")
		}
	}
}

// Close closes every client as soon as its last lease is released, and gives the errors of those that are free now.
func (p *Pool[C]) Close() error {
	p.opens.Close()
	p.mu.Lock()
	p.closed = true
	var all []*entry[C]
	for e := p.recent.Front(); e != nil; e = e.Next() {
		all = append(all, e.Value.(*entry[C]))
	}
	clear(p.entries)
	p.recent.Init()
	p.mu.Unlock()
	var errs []error
	for _, e := range all {
		errs = append(errs, e.release())
	}
	return errors.Join(errs...)
}

// find leases the entry where it has these settings and is not outdated, or may be.
func (p *Pool[C]) find(key string, settings Print, outdatedToo bool) *Lease[C] {
	p.mu.Lock()
	defer p.mu.Unlock()
	element, ok := p.entries[key]
	if !ok {
		return nil
	}
	e := element.Value.(*entry[C])
	if e.settings != settings || !outdatedToo && e.isOutdated() {
		return nil
	}
	p.recent.MoveToFront(element)
	return e.lease()
}

// open runs once for all who wait for it.
func (p *Pool[C]) open(ctx context.Context, key string, settings Print, open func(context.Context) (C, error)) (*entry[C], error) {
	if l := p.find(key, settings, false); l != nil { // opened between the caller's look and the flight
		defer l.Release()
		return l.entry, nil
	}
	client, err := open(ctx)
	if err != nil {
		return nil, err
	}
	e := &entry[C]{key: key, settings: settings, client: client, refs: 1}
	for _, old := range p.put(e) {
		p.o.Count(p.o.Name, "closed")
		_ = old.release() // its users are served; what an old connection says at its end helps nobody
	}
	return e, nil
}

// put makes e the key's entry and gives what must be closed for it.
func (p *Pool[C]) put(e *entry[C]) (out []*entry[C]) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return []*entry[C]{e}
	}
	if element, ok := p.entries[e.key]; ok {
		out = append(out, p.recent.Remove(element).(*entry[C]))
	}
	p.entries[e.key] = p.recent.PushFront(e)
	if p.recent.Len() > p.o.Size {
		last := p.recent.Remove(p.recent.Back()).(*entry[C])
		delete(p.entries, last.key)
		out = append(out, last)
	}
	return out
}

// stale gives the outdated client with the same settings where it could not be opened anew: better than none.
func (p *Pool[C]) stale(key string, settings Print, err error) (*Lease[C], error) {
	l := p.find(key, settings, true)
	if l == nil {
		return nil, err
	}
	p.o.Count(p.o.Name, "stale")
	return l, nil
}
