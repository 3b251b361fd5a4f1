package oauth

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"dps/shared/dps"
	"dps/shared/resilience"
)

const (
	discoveryPath = "/.well-known/openid-configuration" // OpenID Connect Discovery 1.0 §4
	discoveryUse  = time.Hour                           // how long a document is used
	discoveryKeep = time.Minute                         // how long an old one is used on where no new one can be had
)

// discovery is what is known of a server's endpoints. The channel is a lock whose waiters can give up.
type discovery struct {
	lock     chan struct{}
	tokenURL string
	until    time.Time
}

func newDiscovery() *discovery { return &discovery{lock: make(chan struct{}, 1)} }

// tokenURL gives the token endpoint, asking the server once an hour. Errors: CodeUnavailable.
func (c *client) tokenURL(ctx context.Context) (string, error) {
	select {
	case c.discovery.lock <- struct{}{}:
		defer func() { <-c.discovery.lock }()
	case <-ctx.Done():
		return "", dps.Wrap(dps.CodeUnavailable, ctx.Err(), "the OAuth server did not send its discovery document in time")
	}
	d, now := c.discovery, c.now()
	if now.Before(d.until) {
		return d.tokenURL, nil
	}
	tokenURL, err := c.discover(ctx)
	switch {
	case err == nil:
		d.tokenURL, d.until = tokenURL, now.Add(discoveryUse)
	case d.tokenURL != "":
		d.until = now.Add(discoveryKeep)
	default:
		return "", err
	}
	return d.tokenURL, nil
}

func (c *client) discover(ctx context.Context) (string, error) {
	authority := strings.TrimSuffix(c.auth.Provider.Authority, "/")
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, authority+discoveryPath, http.NoBody)
	if err != nil {
		return "", resilience.Final(dps.Wrap(dps.CodeUnavailable, err, "authorization.provider.authority is not a URL"))
	}
	req.Header.Set("Accept", "application/json")
	resp, err := c.http.Do(req)
	if err != nil {
		return "", unreachable(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return "", unreachable(err)
	}
	if resp.StatusCode != http.StatusOK {
		return "", statusError(resp, "the discovery document", "check authorization.provider.authority")
	}
	return readDiscovery(body, authority)
}

// readDiscovery checks that the document is the authority's own (OpenID Connect Discovery 1.0 §4.3) and that its token
// endpoint is as safe to send a secret to as the authority is.
func readDiscovery(body []byte, authority string) (string, error) {
	var doc struct {
		Issuer        string `json:"issuer"`
		TokenEndpoint string `json:"token_endpoint"`
	}
	if err := json.Unmarshal(body, &doc); err != nil {
		return "", misconfigured("the OAuth server's discovery document is not JSON: check authorization.provider.authority")
	}
	if strings.TrimSuffix(doc.Issuer, "/") != authority {
		return "", misconfigured("the OAuth server calls itself %s, the hub's authorization.provider.authority is %s: make them the same",
			quote(doc.Issuer), quote(authority))
	}
	u, err := url.Parse(doc.TokenEndpoint)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return "", misconfigured("the OAuth server names no usable token endpoint: %s", quote(doc.TokenEndpoint))
	case u.Scheme == "http" && strings.HasPrefix(authority, "https:"):
		return "", misconfigured("the OAuth server is asked by https and names a token endpoint without: %s", quote(doc.TokenEndpoint))
	}
	return doc.TokenEndpoint, nil
}
