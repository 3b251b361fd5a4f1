package reach

import (
	"context"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// dial opens a session to a device that was discovered: at the first of its endpoints where somebody proves to be it. Errors:
// of the endpoint that tells most.
func (c *Client) dial(ctx context.Context, id string, creds Credentials) (link, error) {
	f, ok := c.known.get(id)
	if !ok {
		return nil, unknown(id)
	}
	l, worst := c.race(ctx, creds.usable(f.endpoints), func(ctx context.Context, e endpoint) (link, error) {
		l, err := c.dialAt(ctx, id, creds, e)
		if err != nil {
			c.o.Log.Debug("session failed", "device", id, "endpoint", e.String(), "error", err)
		}
		return l, err
	})
	switch {
	case l != nil:
		return l, nil
	case f.device.Ownership == OwnershipUnowned && (worst == nil || ReasonOf(worst) != ReasonNoAnswer):
		return nil, fail(ReasonNotOurs, worst, "device %s is nobody's yet: take ownership of it first", id)
	case worst == nil:
		return nil, fail(ReasonNoCredentials, nil, "device %s offers no endpoint for our credentials: a pre-shared key needs coaps (DTLS), a certificate coaps or coaps+tcp", id)
	default:
		return nil, worst
	}
}

// telling gives the error that says more: a device that refuses us is there, one that does not answer may be.
func telling(a, b error) error {
	rank := map[Reason]int{ReasonNoAnswer: 1, ReasonBadAnswer: 2, ReasonNotOurs: 3, ReasonForbidden: 4, ReasonImpostor: 5}
	if a == nil || rank[ReasonOf(b)] > rank[ReasonOf(a)] {
		return b
	}
	return a
}

// dialAt opens a session at one endpoint, and makes sure that it is the device's.
func (c *Client) dialAt(ctx context.Context, id string, creds Credentials, e endpoint) (link, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	h := new(handshake)
	verify := func(raw [][]byte) error { return verifyIdentity(id, raw, creds.Roots, c.o.Clock()) }
	if e.scheme == ocf.SchemeTCPSecure {
		l, err := dialTLS(ctx, e.addr.String(), h, creds, c.o.MaxAnswer, verify)
		if err != nil {
			return nil, explainDial(id, creds, h, err)
		}
		return l, nil
	}
	options := h.withCertificate(creds, verify)
	if creds.PSK != nil {
		options = h.withKey(*creds.PSK)
	}
	conn, err := dialDTLS(ctx, e.addr.String(), h, options...)
	if err != nil {
		return nil, explainDial(id, creds, h, err)
	}
	l := newDatagramLink(ctx, conn, c.o.MaxAnswer, c.o.Timeout)
	if creds.PSK != nil {
		if err := confirm(ctx, l, id); err != nil {
			l.close()
			return nil, err
		}
	}
	return l, nil
}

// explainDial says in plain words why a handshake failed.
func explainDial(id string, creds Credentials, h *handshake, err error) error {
	accepted, answered, rejected := h.seen()
	alert := isAlert(err)
	switch {
	case rejected != nil:
		return rejected
	case creds.PSK != nil && alert:
		return fail(ReasonNotOurs, err, "device %s refuses our pre-shared key: it is not owned by us, or does not know the subject id %s", id, creds.PSK.SubjectID)
	case creds.PSK != nil && answered: // a wrong key leaves the last message unreadable, and most devices say nothing then
		return fail(ReasonNotOurs, err, "device %s knows our subject id or asks for one, and cannot read what our key encrypts: the key is not the one it holds", id)
	case (alert || accepted) && !creds.hasOCFKeyUsage():
		return fail(ReasonNotOurs, err, "device %s does not accept our certificate: its key usage is not digitalSignature and keyAgreement, and no other (OCF Security §9.4.2.2); have the certificate authority issue it so", id)
	case alert, accepted:
		return fail(ReasonNotOurs, err, "device %s does not accept our certificate: it is not owned by us, does not trust our certificate authority, or the certificate has expired", id)
	default:
		return fail(ReasonNoAnswer, err, "device %s does not answer where it was discovered: it is off, out of reach, or has moved; discover it again", id)
	}
}

// confirm asks who is at the other end of a session by pre-shared key: the key may be that of several devices. Errors:
// ReasonImpostor, ReasonForbidden, those of the exchange.
func confirm(ctx context.Context, l link, id string) error {
	var info ocf.DeviceInfo
	err := readOver(ctx, l, id, ocf.PathDevice, &info)
	got := info.DeviceID
	if ReasonOf(err) == ReasonForbidden {
		var doxm ocf.Doxm
		err = readOver(ctx, l, id, ocf.PathDoxm, &doxm)
		got = doxm.DeviceID
	}
	if err != nil {
		return err
	}
	if u, ok := dps.ParseUUID(got); !ok || u != id {
		return fail(ReasonImpostor, nil, "device %s is not who it says it is: in the session it calls itself %q", id, clip(got))
	}
	return nil
}

// readOver reads a resource over a link.
func readOver(ctx context.Context, l link, id, href string, v any) error {
	a, err := l.exchange(ctx, request{method: codes.GET, href: href})
	if err != nil {
		return explainExchange(id, err)
	}
	return readAnswer(id, href, a, v)
}
