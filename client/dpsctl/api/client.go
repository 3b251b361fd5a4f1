// Package api is a client of the operators' REST API, in its dialect for new clients (docs/api.md). It gives what the API answers in
// the service's own types, so that dpsctl treats an API as it treats a store.
//
// The server is not trusted further than it must be: answers are bounded, what they say is made safe to print, and the token goes
// nowhere but to the address that the operator named.
package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"dps/shared/dps"
)

// Bounds on what a server may do.
const (
	maxAnswer = 16 << 20 // bytes of one answer
	timeout   = 30 * time.Second
)

// Options say where the API is and who asks.
type Options struct {
	Server string // https://HOST[:PORT][/PREFIX]; http is for this machine alone
	HTTP   *http.Client
	// Token gives an access token, without "Bearer". It is asked before each request. nil: requests have none.
	Token func(ctx context.Context) (string, error)
}

// Client is safe for concurrent use.
type Client struct {
	o    Options
	base *url.URL
}

// New makes a client; it asks nobody anything. Errors: CodeInvalid for an address that is none, or not private.
func New(o Options) (*Client, error) {
	base, err := ParseServer(o.Server)
	if err != nil {
		return nil, err
	}
	if o.HTTP == nil {
		return nil, dps.Errorf(dps.CodeInternal, "an API needs an HTTP client")
	}
	return &Client{o: o, base: base}, nil
}

// Server is the API's address.
func (c *Client) Server() string { return c.base.String() }

// request is one to be made.
type request struct {
	method, path string // below the server
	query        url.Values
	body         any    // nil: none
	media        string // of the body; "": application/json
	ifMatch      uint64 // version that is to be changed; 0: whichever
}

// do makes a request and decodes the answer into out, unless that is nil. Errors: as the API's, by code; CodeUnavailable where the
// server cannot be reached; CodeDenied where the token is refused.
func (c *Client) do(ctx context.Context, q request, out any) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	r, err := c.newRequest(ctx, q)
	if err != nil {
		return err
	}
	resp, err := c.o.HTTP.Do(r)
	if err != nil {
		return unreachable(c.base, err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	switch {
	case err != nil:
		return unreachable(c.base, err)
	case len(data) > maxAnswer:
		return dps.Errorf(dps.CodeInternal, "%s answers more than %d bytes: is it this service's API?", c.base, maxAnswer)
	case resp.StatusCode/100 != 2:
		return c.refusal(resp, data)
	case out == nil:
		return nil
	}
	if err := json.Unmarshal(data, out); err != nil {
		return dps.Wrap(dps.CodeInternal, err, fmt.Sprintf("%s answers what is not the API's: is it this service's address?", c.base))
	}
	return nil
}

func (c *Client) newRequest(ctx context.Context, q request) (*http.Request, error) {
	var body io.Reader = http.NoBody
	if q.body != nil {
		data, err := json.Marshal(q.body)
		if err != nil {
			return nil, dps.Wrap(dps.CodeInternal, err, "an object cannot be written as JSON")
		}
		body = bytes.NewReader(data)
	}
	u := *c.base
	u.RawPath = strings.TrimSuffix(u.EscapedPath(), "/") + q.path
	path, err := url.PathUnescape(u.RawPath)
	if err != nil {
		return nil, dps.Errorf(dps.CodeInvalid, "%s is no path", q.path)
	}
	u.Path, u.RawQuery = path, q.query.Encode()
	r, err := http.NewRequestWithContext(ctx, q.method, u.String(), body)
	if err != nil {
		return nil, dps.Wrap(dps.CodeInvalid, err, "the request cannot be made")
	}
	r.Header.Set("Accept", "application/json")
	if q.body != nil {
		r.Header.Set("Content-Type", orJSON(q.media))
	}
	if q.ifMatch != 0 {
		r.Header.Set("If-Match", `"`+strconv.FormatUint(q.ifMatch, 10)+`"`)
	}
	return r, c.authorize(ctx, r)
}

func (c *Client) authorize(ctx context.Context, r *http.Request) error {
	if c.o.Token == nil {
		return nil
	}
	token, err := c.o.Token(ctx)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	return nil
}

func orJSON(media string) string {
	if media == "" {
		return "application/json"
	}
	return media
}

// at is the path of an object. Errors: CodeNotFound for an id that no object has.
func at(collection, id string, more ...string) (string, error) {
	if id == "" || id == "." || id == ".." || len(id) > dps.MaxNameLength {
		return "", dps.Errorf(dps.CodeNotFound, "%.100q is no id", id)
	}
	return strings.Join(append([]string{collection, url.PathEscape(id)}, more...), "/"), nil
}
