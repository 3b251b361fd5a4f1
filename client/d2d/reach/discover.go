package reach

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/plgd-dev/go-coap/v3/message/codes"
	"golang.org/x/sync/errgroup"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// Bounds of one discovery.
const (
	maxAddresses = 256 // that are asked
	maxAnswers   = 512 // that are listened to
	maxAtOnce    = 16  // devices that are asked for details
)

// discoveryQuery asks for a device's main resource alone: a short answer with every endpoint in it.
const discoveryQuery = "rt=oic.wk.d"

// Query says where to look.
type Query struct {
	Addresses     []string // HOST or HOST:PORT, IP addresses; port 5683 where none is given
	MulticastIPv4 bool
	MulticastIPv6 bool
	Wait          time.Duration // for answers; default DefaultWait
}

// heard is an answer to a discovery, and where it came from.
type heard struct {
	from  netip.AddrPort
	links []ocf.Link
	more  bool // the answer had further blocks: links are to be asked for again
}

// Discover looks for devices, and remembers them for the other methods. What it gives is their own word. Errors: CodeInvalid
// for a bad query, CodeUnavailable where no interface can multicast.
func (c *Client) Discover(ctx context.Context, q Query) ([]Device, error) {
	addresses, err := q.check()
	if err != nil {
		return nil, err
	}
	var answers answers
	group := new(errgroup.Group)
	for _, m := range c.multicasts(q) {
		group.Go(func() error { return c.shout(ctx, m, q.Wait, &answers) })
	}
	group.Go(func() error { c.call(ctx, addresses, q.Wait, &answers); return nil })
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return c.describe(ctx, answers.all(), q.Wait), ctx.Err()
}

func (q *Query) check() ([]netip.AddrPort, error) {
	orElse(&q.Wait, DefaultWait)
	if q.Wait < 0 {
		return nil, dps.Errorf(dps.CodeInvalid, "Wait is %v, want a positive time", q.Wait)
	}
	if !q.MulticastIPv4 && !q.MulticastIPv6 && len(q.Addresses) == 0 {
		return nil, dps.Errorf(dps.CodeInvalid, "nothing to discover: name addresses, or ask for multicast")
	}
	if len(q.Addresses) > maxAddresses {
		return nil, dps.Errorf(dps.CodeInvalid, "%d addresses, at most %d are allowed", len(q.Addresses), maxAddresses)
	}
	out := make([]netip.AddrPort, 0, len(q.Addresses))
	for _, text := range q.Addresses {
		a, ok := parseAddress(text)
		if !ok || a.Addr().IsMulticast() || a.Addr().IsUnspecified() {
			return nil, dps.Errorf(dps.CodeInvalid, "address %q is not IP or IP:PORT of a device", clip(text))
		}
		out = append(out, a)
	}
	return out, nil
}

// answers gathers what is heard, one for each source.
type answers struct {
	mu     sync.Mutex
	byFrom map[netip.AddrPort]heard
}

func (a *answers) add(h heard) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byFrom == nil {
		a.byFrom = make(map[netip.AddrPort]heard)
	}
	if len(a.byFrom) < maxAnswers {
		a.byFrom[h.from] = h
	}
}

func (a *answers) all() []heard {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make([]heard, 0, len(a.byFrom))
	for _, h := range a.byFrom {
		out = append(out, h)
	}
	return out
}

// linksAt asks an address in the clear for the device's main resource.
func (c *Client) linksAt(ctx context.Context, a netip.AddrPort) ([]ocf.Link, error) {
	l, err := c.dialClear(ctx, a)
	if err != nil {
		return nil, err
	}
	defer l.close()
	got, err := l.exchange(ctx, request{method: codes.GET, href: ocf.PathDiscovery, query: []string{discoveryQuery}})
	if err != nil {
		return nil, err
	}
	if got.code != codes.Content {
		return nil, codeError(got.code)
	}
	return parseLinks(got.format, got.body)
}

func (c *Client) dialClear(ctx context.Context, a netip.AddrPort) (link, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "udp", a.String())
	if err != nil {
		return nil, err
	}
	return newDatagramLink(ctx, conn, c.o.MaxAnswer, c.o.Timeout), nil
}
