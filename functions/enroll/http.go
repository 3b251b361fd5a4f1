package enroll

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"syscall"
	"time"

	"dps/shared/dps"
)

// fetch gets one list. Errors: CodeUnavailable.
func (f *Fetcher) fetch(ctx context.Context, rawURL string) ([]byte, time.Time, error) {
	u, err := url.Parse(rawURL)
	if err != nil || u.Host == "" || !isHTTP(u) {
		return nil, time.Time{}, dps.Errorf(dps.CodeUnavailable, "revocation list: its URL is not of the form http(s)://HOST/…")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, rawURL, http.NoBody)
	if err != nil {
		return nil, time.Time{}, dps.Wrap(dps.CodeUnavailable, err, "revocation list: its URL cannot be used")
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, time.Time{}, dps.Wrap(dps.CodeUnavailable, err, "revocation list cannot be fetched")
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return nil, time.Time{}, dps.Errorf(dps.CodeUnavailable, "revocation list cannot be fetched: HTTP status %d", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, MaxCRLSize+1))
	if err != nil {
		return nil, time.Time{}, dps.Wrap(dps.CodeUnavailable, err, "revocation list cannot be read")
	}
	der, list, err := parseCRL(body)
	if err != nil {
		return nil, time.Time{}, dps.Wrap(dps.CodeUnavailable, err, dps.AsError(err).Message)
	}
	return der, list.NextUpdate, nil
}

func newHTTPClient() *http.Client {
	dialer := &net.Dialer{Timeout: fetchTimeout, Control: refuseForbidden}
	return &http.Client{
		Timeout: fetchTimeout,
		Transport: &http.Transport{
			Proxy:                  nil, // a proxy would be the one to dial, and know nothing of refuseForbidden
			DialContext:            dialer.DialContext,
			DisableKeepAlives:      true, // the next list from the same server is hours away
			MaxResponseHeaderBytes: maxHeaderSize,
		},
		CheckRedirect: func(req *http.Request, via []*http.Request) error {
			switch {
			case len(via) > maxRedirects:
				return errors.New("more redirects than are followed")
			case !isHTTP(req.URL):
				return errors.New("redirect to another scheme than http and https")
			}
			return nil
		},
	}
}

func isHTTP(u *url.URL) bool { return u.Scheme == "http" || u.Scheme == "https" }

// forbidden are the addresses behind which clouds keep their machines' credentials. Operators name URLs, and must not be
// able to have those fetched. Loopback and private networks are allowed: that is where lists are often served.
var forbidden = []netip.Prefix{
	netip.MustParsePrefix("169.254.0.0/16"),      // link-local (RFC 3927): metadata of AWS, Azure, Google, and ECS credentials
	netip.MustParsePrefix("fe80::/10"),           // link-local (RFC 4291 §2.5.6)
	netip.MustParsePrefix("fd00:ec2::/32"),       // metadata of AWS over IPv6
	netip.MustParsePrefix("100.100.100.200/32"),  // metadata of Alibaba Cloud
	netip.MustParsePrefix("64:ff9b::a9fe:0/112"), // 169.254/16 through NAT64 (RFC 6052 §2.1)
}

// refuseForbidden looks at the address that is really dialed, whatever names, redirects and DNS answers led to it.
func refuseForbidden(_, address string, _ syscall.RawConn) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	ip := ap.Addr().Unmap().WithZone("")
	for _, f := range forbidden {
		if f.Contains(ip) {
			return errors.New("link-local and metadata addresses are not fetched from")
		}
	}
	return nil
}
