package d2d

import (
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"dps/client/d2d/reach"
	"dps/shared/dps"
)

// Bounds of a discovery.
const (
	maxWait      = 30 * time.Second
	maxListed    = 1024 // ids that are remembered for useCache
	maxParameter = 64   // values of one parameter
)

// listed are the devices that the last discoveries found.
type listed struct {
	mu  sync.Mutex
	ids []string
}

func (l *listed) add(found []reach.Device) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range found {
		if !slices.Contains(l.ids, d.ID) {
			l.ids = append(l.ids, d.ID)
		}
	}
	slices.Sort(l.ids)
	l.ids = l.ids[:min(len(l.ids), maxListed)]
}

func (l *listed) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.ids)
}

func (l *listed) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.ids = nil
}

// parameters are those that are known.
var parameters = []string{"useCache", "multicastTimeout", "multicastIpVersionFilter", "endpointFilter", "ownershipStatusFilter", "typeFilter"}

// search is what GET /api/v1/devices is asked, by the parameters' names of plgd's client application.
type search struct {
	query     reach.Query
	useCache  bool
	ownership []string // OWNED, UNOWNED; none: any
	types     []string // of /oic/d; none: any
}

// discover looks for devices: by multicast, where nothing else is asked for; at addresses; or among those that are known.
func (a *api) discover(w http.ResponseWriter, r *http.Request) error {
	s, err := searchOf(r.URL.Query(), dialectOf(r) == extended)
	if err != nil {
		return err
	}
	found, err := a.search(r, s)
	if err != nil {
		return err
	}
	found = slices.DeleteFunc(found, func(d reach.Device) bool { return !s.wants(d) })
	writeDevices(w, r, found)
	return nil
}

func (a *api) search(r *http.Request, s search) ([]reach.Device, error) {
	if s.useCache {
		var known []reach.Device
		for _, id := range a.listed.all() {
			if d, err := a.Reacher.Known(id); err == nil {
				known = append(known, d)
			}
		}
		return known, nil
	}
	select {
	case a.discoveries <- struct{}{}:
		defer func() { <-a.discoveries }()
	default:
		return nil, dps.Errorf(dps.CodeThrottled, "%d discoveries are under way already: wait for one to end", maxDiscoveries)
	}
	found, err := a.Reacher.Discover(r.Context(), s.query)
	if err == nil {
		a.listed.add(found)
	}
	return found, err
}

// searchOf reads the parameters; strict is whether one that is not known is refused. Errors: CodeInvalid, naming the parameter.
func searchOf(q url.Values, strict bool) (s search, err error) {
	for name, values := range q {
		if len(values) > maxParameter {
			return s, dps.Errorf(dps.CodeInvalid, "%s: is there %d times, at most %d are taken", clipped(name), len(values), maxParameter)
		}
		switch {
		case slices.Contains(parameters, name):
			if err := s.parameter(name, values); err != nil {
				return s, err
			}
		case strict:
			return s, dps.Errorf(dps.CodeInvalid, "%s: is not known; these are: %s", clipped(name), strings.Join(parameters, ", "))
		}
	}
	if len(s.query.Addresses) == 0 && !s.query.MulticastIPv4 && !s.query.MulticastIPv6 {
		s.query.MulticastIPv4, s.query.MulticastIPv6 = true, true
	}
	return s, nil
}

func (s *search) parameter(name string, values []string) (err error) {
	switch name {
	case "useCache":
		s.useCache, err = strconv.ParseBool(values[0])
	case "multicastTimeout":
		var ms uint64
		ms, err = strconv.ParseUint(values[0], 10, 32)
		s.query.Wait = min(time.Duration(ms)*time.Millisecond, maxWait)
	case "multicastIpVersionFilter":
		return s.versions(values)
	case "endpointFilter":
		return s.endpoints(values)
	case "ownershipStatusFilter":
		return s.ownerships(values)
	case "typeFilter":
		s.types = values
	}
	if err != nil {
		return dps.Errorf(dps.CodeInvalid, "%s: cannot be read: write true or false for useCache, milliseconds for multicastTimeout", name)
	}
	return nil
}

func (s *search) versions(values []string) error {
	for _, v := range values {
		switch v {
		case "IPV4", "0":
			s.query.MulticastIPv4 = true
		case "IPV6", "1":
			s.query.MulticastIPv6 = true
		default:
			return dps.Errorf(dps.CodeInvalid, "multicastIpVersionFilter: want IPV4 or IPV6")
		}
	}
	return nil
}

func (s *search) ownerships(values []string) error {
	for _, v := range values {
		switch v {
		case "UNOWNED", "0":
			s.ownership = append(s.ownership, ownershipUnowned)
		case "OWNED", "1":
			s.ownership = append(s.ownership, ownershipOwned)
		default:
			return dps.Errorf(dps.CodeInvalid, "ownershipStatusFilter: want OWNED or UNOWNED")
		}
	}
	return nil
}

// endpoints takes HOST, HOST:PORT and coap://HOST:PORT.
func (s *search) endpoints(values []string) error {
	for _, v := range values {
		host := strings.TrimPrefix(v, "coap://")
		if !isAddress(host) {
			return dps.Errorf(dps.CodeInvalid, "endpointFilter: %s is not where a device can be discovered: want an IP address, with :PORT where it is not 5683, or coap:// before it", clipped(v))
		}
		s.query.Addresses = append(s.query.Addresses, host)
	}
	return nil
}

func isAddress(host string) bool {
	if _, err := netip.ParseAddrPort(host); err == nil {
		return true
	}
	_, err := netip.ParseAddr(strings.Trim(host, "[]"))
	return err == nil
}

func (s search) wants(d reach.Device) bool {
	if len(s.ownership) > 0 && !slices.Contains(s.ownership, ownershipStatus(d)) {
		return false
	}
	return len(s.types) == 0 || slices.ContainsFunc(s.types, func(t string) bool { return slices.Contains(d.Types, t) })
}

// forget forgets every device.
func (a *api) forget(w http.ResponseWriter, r *http.Request) error {
	a.Reacher.Forget()
	a.listed.clear()
	return done(w, r)
}

// clipped keeps what a request says from flooding an answer.
func clipped(s string) string {
	const most = 64
	return strconv.Quote(strings.ToValidUTF8(s[:min(len(s), most)], "?"))
}
