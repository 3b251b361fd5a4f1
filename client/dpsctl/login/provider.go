package login

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"

	"dps/client/dpsctl/api"
	"dps/shared/dps"
)

// maxDocument bounds a discovery document, in bytes.
const maxDocument = 256 << 10

// Provider is an OAuth server's endpoints (OpenID Connect Discovery 1.0 §3, RFC 8628 §4).
type Provider struct {
	Issuer string `json:"issuer"`
	Token  string `json:"token_endpoint"`
	Device string `json:"device_authorization_endpoint"` // "": it has none
	Keys   string `json:"jwks_uri"`
}

// Discover asks an OAuth server for its endpoints. Errors: CodeInvalid for an authority that is none, or speaks in clear over a
// network; CodeInternal where it answers for another; CodeUnavailable.
func Discover(ctx context.Context, c *http.Client, authority string) (Provider, error) {
	if _, err := api.ParseServer(authority); err != nil {
		return Provider{}, dps.Errorf(dps.CodeInvalid, "the API names no OAuth server that dpsctl can use: %w", err)
	}
	address := strings.TrimSuffix(authority, "/") + "/.well-known/openid-configuration"
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return Provider{}, dps.Wrap(dps.CodeInvalid, err, "the OAuth server cannot be asked")
	}
	resp, err := c.Do(r)
	if err != nil {
		return Provider{}, dps.Wrap(dps.CodeUnavailable, withoutQuery(err), authority+" cannot be reached")
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(resp.Body, maxDocument))
	if err != nil || resp.StatusCode != http.StatusOK {
		return Provider{}, dps.Errorf(dps.CodeUnavailable, "%s answers %d to discovery", authority, resp.StatusCode)
	}
	var p Provider
	if err := json.Unmarshal(data, &p); err != nil || strings.TrimSuffix(p.Issuer, "/") != strings.TrimSuffix(authority, "/") {
		return Provider{}, dps.Errorf(dps.CodeInternal, "%s answers for another OAuth server, or none: see to apis.http.authorization.authority", authority)
	}
	return p, p.check()
}

// check sees to it that no endpoint is told secrets in clear.
func (p Provider) check() error {
	for name, address := range map[string]string{"token_endpoint": p.Token, "device_authorization_endpoint": p.Device} {
		if address == "" && name != "token_endpoint" {
			continue
		}
		if u, err := api.ParseServer(withoutTail(address)); err != nil || u == nil {
			return dps.Errorf(dps.CodeInvalid, "%s: its %s cannot be used: %w", p.Issuer, name, err)
		}
	}
	return nil
}

// withoutTail takes the query off: endpoints may have one (RFC 6749 §3.2).
func withoutTail(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return address
}
