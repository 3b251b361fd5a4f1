package member

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"

	"golang.org/x/oauth2"

	"dps/client/d2d/settings"
	"dps/shared/dps"
)

// maxDocument bounds the OAuth server's discovery document, in bytes.
const maxDocument = 256 << 10

// login is a person's log-in by the device authorization grant (RFC 8628): he does it on another device, the client waits.
type login struct {
	authority string
	client    settings.OAuthClient
	http      *http.Client
}

func (m *Member) login() login {
	return login{authority: m.remote().Authority, client: m.remote().DeviceOAuthClient, http: m.o.HTTP}
}

// person logs a person in; show is told what he must do. It gives an Authorization header and a refresh token, "" where there is none.
// Errors: CodeInvalid, CodeDenied, CodeUnavailable.
func (l login) person(ctx context.Context, show func(page, code string)) (header, refresh string, err error) {
	c, err := l.config(ctx)
	if err != nil {
		return "", "", err
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, l.http)
	var more []oauth2.AuthCodeOption
	if l.client.Audience != "" {
		more = append(more, oauth2.SetAuthURLParam("audience", l.client.Audience))
	}
	codes, err := c.DeviceAuth(ctx, more...)
	if err != nil {
		return "", "", explain(err)
	}
	page := codes.VerificationURIComplete
	if page == "" {
		page = codes.VerificationURI
	}
	if u, err := url.Parse(page); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return "", "", dps.Errorf(dps.CodeUnavailable, "the OAuth server names no page to log in at")
	}
	show(page, clip(codes.UserCode))
	defer show("", "")
	return answer(c.DeviceAccessToken(ctx, codes))
}

// refresh gets a new token for an old session. Errors: CodeDenied where it has ended, CodeUnavailable.
func (l login) refresh(ctx context.Context, old string) (header, refresh string, err error) {
	c, err := l.config(ctx)
	if err != nil {
		return "", "", err
	}
	ctx = context.WithValue(ctx, oauth2.HTTPClient, l.http)
	return answer(c.TokenSource(ctx, &oauth2.Token{RefreshToken: old}).Token())
}

func answer(t *oauth2.Token, err error) (header, refresh string, _ error) {
	if err != nil {
		return "", "", explain(err)
	}
	return "Bearer " + t.AccessToken, t.RefreshToken, nil
}

// config asks the OAuth server for its endpoints (OpenID Connect Discovery 1.0 §4).
func (l login) config(ctx context.Context) (*oauth2.Config, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(l.authority, "/")+"/.well-known/openid-configuration", http.NoBody)
	if err != nil {
		return nil, dps.Wrap(dps.CodeInvalid, err, "remoteProvisioning.authority is no URL")
	}
	resp, err := l.http.Do(r)
	if err != nil {
		return nil, dps.Wrap(dps.CodeUnavailable, withoutAddress(err), "the OAuth server does not answer")
	}
	defer func() { _ = resp.Body.Close() }()
	var d struct {
		Issuer string `json:"issuer"`
		Token  string `json:"token_endpoint"`
		Device string `json:"device_authorization_endpoint"`
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxDocument)).Decode(&d); err != nil || resp.StatusCode != http.StatusOK {
		return nil, dps.Errorf(dps.CodeUnavailable, "the OAuth server answers discovery with status %d and no document", resp.StatusCode)
	}
	switch {
	case d.Issuer != l.authority:
		return nil, dps.Errorf(dps.CodeInvalid, "the OAuth server calls itself %.200q: set remoteProvisioning.authority to that", clip(d.Issuer))
	case !private(d.Token) || !private(d.Device):
		return nil, dps.Errorf(dps.CodeInvalid, "the OAuth server has no device authorization over https: set remoteProvisioning.tokenFile instead")
	}
	return &oauth2.Config{ClientID: l.client.ClientID, Scopes: l.client.Scopes, Endpoint: oauth2.Endpoint{
		TokenURL: d.Token, DeviceAuthURL: d.Device, AuthStyle: oauth2.AuthStyleInParams,
	}}, nil
}

// private tells whether an address may be told secrets.
func private(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http" && settings.IsLoopback(u.Hostname()))
}

// explain gives an error of the OAuth server its code, without what it answered: that may hold a token.
func explain(err error) error {
	var refused *oauth2.RetrieveError
	switch {
	case !errors.As(err, &refused):
		return dps.Wrap(dps.CodeUnavailable, withoutAddress(err), "the OAuth server cannot be asked")
	case refused.Response != nil && refused.Response.StatusCode >= http.StatusInternalServerError:
		return dps.Errorf(dps.CodeUnavailable, "the OAuth server is out of order (%d)", refused.Response.StatusCode)
	default:
		return dps.Errorf(dps.CodeDenied, "the OAuth server refuses the log-in: %.64q", clip(refused.ErrorCode))
	}
}
