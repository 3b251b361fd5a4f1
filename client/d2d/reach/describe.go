package reach

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// describe asks every device that was heard for its name and owner, and remembers it.
func (c *Client) describe(ctx context.Context, all []heard, wait time.Duration) []Device {
	var mu sync.Mutex
	ids := make(map[string]bool)
	group := new(errgroup.Group)
	group.SetLimit(maxAtOnce)
	for _, h := range all {
		group.Go(func() error {
			ctx, cancel := context.WithTimeout(ctx, wait)
			defer cancel()
			for _, f := range c.describeOne(ctx, h) {
				c.known.add(f)
				mu.Lock()
				ids[f.device.ID] = true
				mu.Unlock()
			}
			return nil
		})
	}
	_ = group.Wait() // there are no errors
	out := make([]Device, 0, len(ids))
	for id := range ids {
		if f, ok := c.known.get(id); ok {
			out = append(out, f.device)
		}
	}
	slices.SortFunc(out, func(a, b Device) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// describeOne gives the devices behind one answer: usually one.
func (c *Client) describeOne(ctx context.Context, h heard) []found {
	if h.more {
		links, err := c.linksAt(ctx, h.from)
		if err != nil {
			return nil
		}
		h.links = links
	}
	var out []found
	for id, links := range byDevice(h.links) {
		f := found{device: Device{ID: id, Ownership: OwnershipUnknown}, endpoints: []endpoint{{ocf.SchemeUDP, h.from}}}
		for _, l := range links {
			f.addLink(l, h.from.Addr())
		}
		f.nearest(h.from.Addr())
		out = append(out, f)
	}
	c.fillIn(ctx, h.from, out)
	return out
}

func (f *found) addLink(l ocf.Link, source netip.Addr) {
	for _, e := range l.Endpoints {
		if p, ok := parseEndpoint(e.URI, source); ok && len(f.endpoints) < maxEndpoints && !slices.Contains(f.endpoints, p) {
			f.endpoints = append(f.endpoints, p)
		}
	}
	for _, t := range l.ResourceTypes {
		if t != "oic.wk.d" && len(f.device.Types) < maxTypes {
			f.device.Types = append(f.device.Types, clip(t))
		}
	}
}

// nearest puts the endpoints at the address that answered first: a device names all of its addresses, and not all of them
// can be reached from here.
func (f *found) nearest(source netip.Addr) {
	far := func(e endpoint) int {
		if e.addr.Addr().Unmap() == source {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(f.endpoints, func(a, b endpoint) int { return far(a) - far(b) })
}

// fillIn asks for name and owner of the device at the address.
func (c *Client) fillIn(ctx context.Context, from netip.AddrPort, all []found) {
	l, err := c.dialClear(ctx, from)
	if err != nil {
		return
	}
	defer l.close()
	var info ocf.DeviceInfo
	if readOver(ctx, l, "", ocf.PathDevice, &info) == nil {
		each(all, info.DeviceID, func(d *Device) { d.Name = clip(info.Name) })
	}
	var doxm ocf.Doxm
	if readOver(ctx, l, "", ocf.PathDoxm, &doxm) == nil {
		each(all, doxm.DeviceID, func(d *Device) { c.noteOwner(d, doxm) })
	}
}

// each changes the device of the id.
func each(all []found, id string, change func(*Device)) {
	u, _ := dps.ParseUUID(id)
	for i := range all {
		if all[i].device.ID == u {
			change(&all[i].device)
		}
	}
}

// noteOwner says whose the device is, by its doxm.
func (c *Client) noteOwner(d *Device, doxm ocf.Doxm) {
	d.CanOwn = slices.Contains(doxm.Methods, ocf.OwnerTransferManufacturer)
	d.OwnerID, _ = dps.ParseUUID(doxm.OwnerID)
	if d.OwnerID == dps.NilUUID {
		d.OwnerID = ""
	}
	us := c.us()
	switch {
	case !doxm.Owned:
		d.Ownership, d.OwnerID = OwnershipUnowned, ""
	case us == "" || d.OwnerID == "":
		d.Ownership = OwnershipUnknown
	case us == d.OwnerID:
		d.Ownership = OwnershipOurs
	default:
		d.Ownership = OwnershipOther
	}
}

// us gives the id that devices know us by; "": we have no credentials.
func (c *Client) us() string {
	creds, err := c.o.Credentials()
	if err != nil {
		return ""
	}
	id, err := creds.check()
	if err != nil {
		return ""
	}
	return id
}
