package reach

import (
	"context"
	"net/url"
	"strings"
	"unicode"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// Bounds of a request.
const (
	maxHref  = 255      // bytes
	maxQuery = 255      // bytes of one parameter
	maxBody  = 16 << 10 // bytes of CBOR
)

// Read reads a resource; query is "if=oic.if.baseline" for one, or empty. Errors: CodeInvalid for a bad href, and every
// Reason.
func (c *Client) Read(ctx context.Context, id, href, query string) (Content, error) {
	return c.ask(ctx, id, href, query, request{method: codes.GET})
}

// Update changes a resource by a value as encoding/json gives it: a number without a fraction is sent as an integer. It gives
// what the device answers, which may be nothing. A session that turns out to be closed is opened again and the request sent
// again: a device that closed it just after it had acted would act twice. Errors: as Read's.
func (c *Client) Update(ctx context.Context, id, href string, value any) (Content, error) {
	body, err := encodeValue(value)
	if err != nil || len(body) > maxBody {
		return Content{}, fail(ReasonRefused, err, "value for %s cannot be sent: it must be what JSON knows, and at most %d bytes", clip(href), maxBody)
	}
	return c.ask(ctx, id, href, "", request{method: codes.POST, body: body})
}

func (c *Client) ask(ctx context.Context, id, href, query string, q request) (Content, error) {
	id, err := checkID(id)
	if err != nil {
		return Content{}, err
	}
	if q.href, q.query, err = checkTarget(href, query); err != nil {
		return Content{}, err
	}
	a, err := c.do(ctx, id, q)
	if err != nil {
		return Content{}, err
	}
	if err := refusal(id, href, a.code); err != nil {
		return Content{}, err
	}
	value, err := decodeValue(a.format, a.body)
	if err != nil {
		return Content{}, fail(ReasonBadAnswer, err, "device %s answers %s with something that cannot be read", id, clip(href))
	}
	return Content{Format: a.format, Value: value}, nil
}

// Resources gives what a device has, as it says in a session. Errors: every Reason.
func (c *Client) Resources(ctx context.Context, id string) ([]Link, error) {
	id, err := checkID(id)
	if err != nil {
		return nil, err
	}
	a, err := c.do(ctx, id, request{method: codes.GET, href: ocf.PathDiscovery})
	if err != nil {
		return nil, err
	}
	if err := refusal(id, ocf.PathDiscovery, a.code); err != nil {
		return nil, err
	}
	links, err := parseLinks(a.format, a.body)
	if err != nil {
		return nil, fail(ReasonBadAnswer, err, "device %s answers %s with something that cannot be read", id, ocf.PathDiscovery)
	}
	return publicLinks(links), nil
}

// Device gives what a device says of itself in a session. Errors: every Reason.
func (c *Client) Device(ctx context.Context, id string) (Details, error) {
	id, err := checkID(id)
	if err != nil {
		return Details{}, err
	}
	var d Details
	if err := c.readInto(ctx, id, ocf.PathDevice, &d.Info); err != nil {
		return Details{}, err
	}
	if d.Links, err = c.Resources(ctx, id); err != nil {
		return Details{}, err
	}
	var platform ocf.PlatformInfo
	switch err := c.readInto(ctx, id, ocf.PathPlatform, &platform); {
	case err == nil:
		d.Platform = &platform
	case dps.IsTransient(err):
		return Details{}, err
	}
	var doxm ocf.Doxm
	if c.readInto(ctx, id, ocf.PathDoxm, &doxm) == nil {
		c.known.update(id, func(k *Device) { c.noteOwner(k, doxm) })
	}
	if f, ok := c.known.get(id); ok {
		d.Device = f.device
	}
	d.Name = clip(d.Info.Name)
	return d, nil
}

// readInto reads a resource into a structure.
func (c *Client) readInto(ctx context.Context, id, href string, v any) error {
	a, err := c.do(ctx, id, request{method: codes.GET, href: href})
	if err != nil {
		return err
	}
	return readAnswer(id, href, a, v)
}

func readAnswer(id, href string, a answer, v any) error {
	if err := refusal(id, href, a.code); err != nil {
		return err
	}
	if a.format != ocf.FormatOCFCBOR && a.format != ocf.FormatCBOR {
		return fail(ReasonBadAnswer, nil, "device %s answers %s in the format %d, want %d", id, href, a.format, ocf.FormatOCFCBOR)
	}
	if err := decodeInto(a.body, v); err != nil {
		return fail(ReasonBadAnswer, err, "device %s answers %s with something that cannot be read", id, href)
	}
	return nil
}

func checkID(id string) (string, error) {
	u, ok := dps.ParseUUID(id)
	if !ok {
		return "", dps.Errorf(dps.CodeInvalid, "device id %q is not a UUID", clip(id))
	}
	return u, nil
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

func checkTarget(href, query string) (string, []string, error) {
	if !strings.HasPrefix(href, "/") || len(href) > maxHref || strings.ContainsAny(href, "?#") || strings.ContainsFunc(href, unprintable) {
		return "", nil, dps.Errorf(dps.CodeInvalid, "href %q is not a path of at most %d bytes that begins with /", clip(href), maxHref)
	}
	if query == "" {
		return href, nil, nil
	}
	var out []string
	for part := range strings.SplitSeq(query, "&") {
		text, err := url.QueryUnescape(part)
		if err != nil || len(text) > maxQuery {
			return "", nil, dps.Errorf(dps.CodeInvalid, "query %q is not NAME=VALUE&… with at most %d bytes each", clip(query), maxQuery)
		}
		out = append(out, text)
	}
	return href, out, nil
}
