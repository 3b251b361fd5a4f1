package reach

import (
	"context"
	"net"

	"github.com/fxamacker/cbor/v2"
	"github.com/plgd-dev/go-coap/v3/message/codes"
)

// Do asks a device anything, as an owner's tool would. It gives the code of the answer.
func (c *Client) Do(ctx context.Context, id string, method codes.Code, href string, query []string, body any) (codes.Code, error) {
	q := request{method: method, href: href, query: query}
	if body != nil {
		data, err := cbor.Marshal(body)
		if err != nil {
			return 0, err
		}
		q.body = data
	}
	a, err := c.do(ctx, id, q)
	return a.code, err
}

// Sessions is how many are kept.
func (c *Client) Sessions() int {
	c.sessions.mu.Lock()
	defer c.sessions.mu.Unlock()
	return len(c.sessions.byID)
}

// Sweep ends every idle session.
func (c *Client) Sweep() { c.sessions.sweep(c.o.Clock().Add(c.o.IdleTimeout * 2)) }

// SelectOwnership does the first step of Own, and no other.
func (c *Client) SelectOwnership(ctx context.Context, id string) error {
	f, _ := c.known.get(id)
	t := &transfer{client: c, id: id, found: f}
	_, err := t.choose(ctx)
	return err
}

// SendMulticast sends a discovery to a group on one interface.
func SendMulticast(ctx context.Context, to *net.UDPAddr, i net.Interface) error {
	network := "udp4"
	if to.IP.To4() == nil {
		network = "udp6"
	}
	conn, err := net.ListenUDP(network, nil)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	return send(ctx, conn, network, to, []net.Interface{i}, newToken())
}
