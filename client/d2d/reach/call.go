package reach

import (
	"context"
	"net"
	"net/netip"
	"time"

	"golang.org/x/sync/errgroup"
)

// questions are those of one discovery that nobody has answered yet, by their tokens.
type questions map[string]netip.AddrPort

// call asks addresses one by one. Who does not answer is not there.
//
// A device may answer from another port than the one that was asked: iotivity-lite takes discovery at 5683 and answers from where
// it is spoken to. So an answer counts from any port of the address, and it is known by its question's token.
func (c *Client) call(ctx context.Context, addresses []netip.AddrPort, wait time.Duration, out *answers) {
	v4, v6 := make(questions), make(questions)
	for _, a := range addresses {
		to := netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
		if to.Addr().Is4() {
			v4[string(newToken())] = to
		} else {
			v6[string(newToken())] = to
		}
	}
	group := new(errgroup.Group)
	group.Go(func() error { return v4.ask(ctx, "udp4", wait, out) })
	group.Go(func() error { return v6.ask(ctx, "udp6", wait, out) })
	_ = group.Wait() // an address of a network that there is not does not answer
}

// ask asks them all, and those who did not answer in time once more: a datagram is easily lost.
func (q questions) ask(ctx context.Context, network string, wait time.Duration, out *answers) error {
	if len(q) == 0 {
		return nil
	}
	conn, err := net.ListenUDP(network, nil)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	for _, part := range []time.Duration{wait / 4, wait - wait/4} {
		if err := q.send(conn); err != nil {
			return err
		}
		_ = conn.SetReadDeadline(time.Now().Add(part))
		listen(conn, out, q.answered)
		if len(q) == 0 {
			return nil
		}
	}
	return nil
}

// send sends what is not answered yet. An address that cannot be reached is left to itself.
func (q questions) send(conn *net.UDPConn) error {
	for token, to := range q {
		data, err := discoveryRequest([]byte(token))
		if err != nil {
			return err
		}
		_, _ = conn.WriteToUDPAddrPort(data, to)
	}
	return nil
}

// answered takes the answer to one of them, and wants more until there is none left.
func (q questions) answered(token string, from netip.AddrPort) (ok, more bool) {
	to, ok := q[token]
	if ok = ok && to.Addr().WithZone("") == from.Addr().WithZone(""); ok {
		delete(q, token)
	}
	return ok, len(q) > 0
}
