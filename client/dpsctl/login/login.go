// Package login gets access tokens for the API from its OAuth server: a person's by the device authorization grant (RFC 8628), a
// program's by client credentials (RFC 6749 §4.4), and new ones while a session lasts.
package login

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"dps/shared/dps"
)

// Client is an OAuth client at a provider.
type Client struct {
	HTTP     *http.Client
	Provider Provider
	ID       string
	Secret   string // a program's; never shown
	Scopes   []string
	Audience string
}

func (c Client) context(ctx context.Context) context.Context {
	return context.WithValue(ctx, oauth2.HTTPClient, c.HTTP)
}

// person is the client as golang.org/x/oauth2 has it: one without a secret, which says its id in the form.
func (c Client) person() *oauth2.Config {
	return &oauth2.Config{ClientID: c.ID, Scopes: c.Scopes, Endpoint: oauth2.Endpoint{
		TokenURL: c.Provider.Token, DeviceAuthURL: c.Provider.Device, AuthStyle: oauth2.AuthStyleInParams,
	}}
}

// Person logs a person in. show is called with what he must do. It waits until he has done it. Errors: CodeInvalid where the
// provider has no such grant, CodeDenied where he declines or takes too long, CodeUnavailable.
func (c Client) Person(ctx context.Context, show func(page, code string) error) (*oauth2.Token, error) {
	if c.Provider.Device == "" {
		return nil, dps.Errorf(dps.CodeInvalid, "%s has no device authorization: log in as a program, with --client-id and --client-secret-file", c.Provider.Issuer)
	}
	ctx = c.context(ctx)
	var audience []oauth2.AuthCodeOption
	if c.Audience != "" {
		audience = append(audience, oauth2.SetAuthURLParam("audience", c.Audience))
	}
	codes, err := c.person().DeviceAuth(ctx, audience...)
	if err != nil {
		return nil, c.explain(err)
	}
	page := codes.VerificationURIComplete
	if page == "" {
		page = codes.VerificationURI
	}
	if u, err := url.Parse(page); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, dps.Errorf(dps.CodeInternal, "%s names no page to log in at", c.Provider.Issuer)
	}
	if err := show(page, codes.UserCode); err != nil {
		return nil, err
	}
	token, err := c.person().DeviceAccessToken(ctx, codes)
	if err != nil && !codes.Expiry.IsZero() && !time.Now().Before(codes.Expiry) {
		return nil, dps.Errorf(dps.CodeDenied, "%s: %s", c.Provider.Issuer, tooLong)
	}
	return token, c.explain(err)
}

// Program logs a program in. Errors: CodeDenied where id or secret are wrong, CodeUnavailable.
func (c Client) Program(ctx context.Context) (*oauth2.Token, error) {
	config := clientcredentials.Config{ClientID: c.ID, ClientSecret: c.Secret, TokenURL: c.Provider.Token, Scopes: c.Scopes}
	if c.Audience != "" {
		config.EndpointParams = url.Values{"audience": {c.Audience}}
	}
	token, err := config.Token(c.context(ctx))
	return token, c.explain(err)
}

// Refresh gets a new token for an old one's session. Errors: CodeDenied where the session has ended, CodeUnavailable.
func (c Client) Refresh(ctx context.Context, refreshToken string) (*oauth2.Token, error) {
	token, err := c.person().TokenSource(c.context(ctx), &oauth2.Token{RefreshToken: refreshToken}).Token()
	return token, c.explain(err)
}
