package oauth

import (
	"context"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/oauth2"

	"dps/shared/clienttls"
	"dps/shared/dps"
)

// maxBodySize bounds what an OAuth server can cost.
const maxBodySize = 256 << 10 // bytes of an answer

// client is this service's client at one hub's OAuth server, with what it has learned of it.
type client struct {
	auth      dps.Authorization
	secret    string
	http      *http.Client
	transport *http.Transport
	discovery *discovery
	style     atomic.Int64 // the oauth2.AuthStyle that worked; AuthStyleAutoDetect until one has
	known     known
	now       func() time.Time
}

// newClient reads the secrets; it connects to nobody. Errors: CodeUnavailable, naming the setting at fault.
func newClient(ctx context.Context, secrets dps.Secrets, auth dps.Authorization, now func() time.Time) (*client, error) {
	config, err := clienttls.Config(ctx, secrets, auth.Provider.HTTP.TLS)
	if err != nil {
		return nil, dps.Wrap(dps.CodeUnavailable, err, "authorization.provider.http.tls."+dps.AsError(err).Message)
	}
	secret, err := clientSecret(ctx, secrets, auth.Provider.ClientSecret)
	if err != nil {
		return nil, err
	}
	settings := auth.Provider.HTTP
	transport := clienttls.Transport(config, settings)
	return &client{
		auth: auth, secret: secret, transport: transport, discovery: newDiscovery(), known: newKnown(), now: now,
		http: &http.Client{
			Transport: boundedTransport{transport},
			Timeout:   settings.Timeout,
			// A redirected token request would carry the credentials to wherever the answer says.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Close closes the connections; the pool calls it when nobody uses the client any more, so that all of them are idle.
func (c *client) Close() error {
	c.transport.CloseIdleConnections()
	return nil
}

func (c *client) authStyle() oauth2.AuthStyle { return oauth2.AuthStyle(c.style.Load()) }

// clientSecret reads the secret without the newline at its end that editors like to add.
func clientSecret(ctx context.Context, secrets dps.Secrets, ref dps.SecretRef) (string, error) {
	if ref == "" {
		return "", nil // a public client
	}
	value, err := secrets.Secret(ctx, ref)
	if err != nil {
		return "", dps.Wrap(dps.CodeUnavailable, err, "authorization.provider.clientSecret: the secret cannot be read")
	}
	return strings.TrimSuffix(strings.TrimSuffix(string(value), "\n"), "\r"), nil
}
