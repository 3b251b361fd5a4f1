package reach

import (
	"context"
	"errors"
)

// do asks a device in a session: in one that is open, else in a new one. Errors: every Reason.
func (c *Client) do(ctx context.Context, id string, q request) (answer, error) {
	creds, err := c.o.Credentials()
	if err != nil {
		return answer{}, err
	}
	if _, err := creds.check(); err != nil {
		return answer{}, err
	}
	s, err := c.sessions.hold(ctx, id)
	if err != nil {
		return answer{}, err
	}
	defer c.sessions.release(id, s)
	if s.link != nil && (s.fingerprint != creds.fingerprint() || !s.link.open()) {
		s.drop()
	}
	if s.link == nil {
		return c.askAnew(ctx, id, creds, s, q)
	}
	a, err := c.exchange(ctx, s.link, q)
	if errors.Is(err, errClosed) { // it was too old
		s.drop()
		return c.askAnew(ctx, id, creds, s, q)
	}
	if err != nil {
		s.drop()
		return answer{}, explainExchange(id, err)
	}
	return a, nil
}

// askAnew opens a session and asks in it.
func (c *Client) askAnew(ctx context.Context, id string, creds Credentials, s *slot, q request) (answer, error) {
	l, err := c.dial(ctx, id, creds)
	if err != nil {
		return answer{}, err
	}
	s.link, s.fingerprint = l, creds.fingerprint()
	a, err := c.exchange(ctx, l, q)
	if err != nil {
		s.drop()
		return answer{}, explainExchange(id, err)
	}
	return a, nil
}

// exchange asks over a link, within the client's own deadline.
func (c *Client) exchange(ctx context.Context, l link, q request) (answer, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Timeout)
	defer cancel()
	return l.exchange(ctx, q)
}

func explainExchange(id string, err error) error {
	switch {
	case errors.Is(err, errAnswer):
		return fail(ReasonBadAnswer, err, "device %s answers with something that cannot be read, or is too large", id)
	case isAlert(err):
		return fail(ReasonNotOurs, err, "device %s has ended the session: it does not accept our credentials any more", id)
	case errors.Is(err, errClosed):
		return fail(ReasonNoAnswer, err, "device %s has closed the connection instead of answering", id)
	default:
		return fail(ReasonNoAnswer, err, "device %s does not answer", id)
	}
}
