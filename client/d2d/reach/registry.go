package reach

import (
	"slices"
	"sync"
)

// found is a device as discovery found it.
type found struct {
	device    Device
	endpoints []endpoint
	seen      uint64 // by the count of findings
}

// registry remembers the devices that were discovered, at most limit; the one that was not seen for longest goes first.
type registry struct {
	mu    sync.Mutex
	limit int
	count uint64
	byID  map[string]*found
}

// add remembers a finding. A device that answers twice has the endpoints of both answers: anybody can claim an id, and what
// counts is which of them proves it. The newest come first.
func (r *registry) add(f found) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.byID == nil {
		r.byID = make(map[string]*found)
	}
	r.count++
	f.seen = r.count
	if old, ok := r.byID[f.device.ID]; ok {
		f.endpoints = merge(f.endpoints, old.endpoints)
		keepKnown(&f.device, old.device)
	}
	f.endpoints = sorted(f.endpoints[:min(len(f.endpoints), maxEndpoints)])
	f.device.Endpoints = texts(f.endpoints)
	r.byID[f.device.ID] = &f
	if len(r.byID) > r.limit {
		r.forgetOldest()
	}
}

// keepKnown fills in what an answer left out.
func keepKnown(d *Device, old Device) {
	if d.Name == "" {
		d.Name, d.Types = old.Name, old.Types
	}
	if d.Ownership == OwnershipUnknown {
		d.Ownership, d.OwnerID, d.CanOwn = old.Ownership, old.OwnerID, old.CanOwn
	}
}

func (r *registry) forgetOldest() {
	var oldest *found
	for _, f := range r.byID {
		if oldest == nil || f.seen < oldest.seen {
			oldest = f
		}
	}
	delete(r.byID, oldest.device.ID)
}

// get gives a copy of what is known of a device.
func (r *registry) get(id string) (found, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f, ok := r.byID[id]
	if !ok {
		return found{}, false
	}
	return *f, true
}

// update changes what is known of a device, if it is known.
func (r *registry) update(id string, change func(*Device)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if f, ok := r.byID[id]; ok {
		change(&f.device)
	}
}

func (r *registry) forget(id string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.byID, id)
}

// merge appends those of old that are not in fresh.
func merge(fresh, old []endpoint) []endpoint {
	out := slices.Clone(fresh)
	for _, e := range old {
		if !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	return out
}

func texts(all []endpoint) []string {
	out := make([]string, 0, len(all))
	for _, e := range all {
		out = append(out, e.String())
	}
	return out
}

func (r *registry) clear() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.byID = nil
}
