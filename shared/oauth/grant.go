package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"

	"dps/shared/dps"
	"dps/shared/resilience"
)

// grant is what a token is asked for.
type grant struct {
	owner    string
	deviceID string // "": for the owner himself
}

// speaksFor names whom tokens of the grant speak for, for telemetry.
func (g grant) speaksFor() string {
	if g.deviceID != "" {
		return "device"
	}
	return "owner"
}

// token obtains one token and checks it. Errors: CodeUnavailable, CodeThrottled.
func (c *client) token(ctx context.Context, g grant) (Token, error) {
	tokenURL, err := c.tokenURL(ctx)
	if err != nil {
		return Token{}, err
	}
	config := c.config(tokenURL, g)
	answer, err := c.exchange(context.WithValue(ctx, oauth2.HTTPClient, c.http), config)
	if err != nil {
		return Token{}, err
	}
	if t := answer.TokenType; t != "" && !strings.EqualFold(t, "bearer") {
		return Token{}, misconfigured("the OAuth server gave a token of type %s, want bearer", quote(t))
	}
	now := c.now()
	expiry, err := c.checkClaims(answer.AccessToken, g, now)
	if err != nil {
		return Token{}, err
	}
	if !answer.Expiry.IsZero() {
		// The library reckons with the system's clock; only the span is taken from it.
		expiry = earlier(expiry, now.Add(time.Until(answer.Expiry)))
	}
	return Token{Value: answer.AccessToken, Expiry: expiry}, nil
}

// config is the request's form (PROTOCOL §7): grant_type, scope, audience, the owner's claim and the device's.
func (c *client) config(tokenURL string, g grant) *clientcredentials.Config {
	form := url.Values{c.auth.OwnerClaim: {g.owner}}
	if c.auth.Provider.Audience != "" {
		form.Set("audience", c.auth.Provider.Audience)
	}
	if g.deviceID != "" {
		form.Set(c.auth.DeviceIDClaim, g.deviceID)
	}
	return &clientcredentials.Config{
		ClientID: c.auth.Provider.ClientID, ClientSecret: c.secret, TokenURL: tokenURL,
		Scopes: c.auth.Provider.Scopes, EndpointParams: form,
	}
}

// exchange authenticates by HTTP Basic, and by the form where the server does not take that (RFC 6749 §2.3.1). What worked
// is remembered: x/oauth2's own memory lives as long as one Config, and here each token has its own.
func (c *client) exchange(ctx context.Context, config *clientcredentials.Config) (*oauth2.Token, error) {
	known := c.authStyle()
	styles := []oauth2.AuthStyle{oauth2.AuthStyleInHeader, oauth2.AuthStyleInParams}
	if known != oauth2.AuthStyleAutoDetect {
		styles = []oauth2.AuthStyle{known}
	}
	var err error
	for _, style := range styles {
		var token *oauth2.Token
		config.AuthStyle = style
		if token, err = config.Token(ctx); err == nil {
			c.style.Store(int64(style))
			return token, nil
		}
		if !mayDislikeStyle(err) {
			break
		}
	}
	return nil, c.refusal(err)
}

// mayDislikeStyle tells whether err can be about how the credentials were sent.
func mayDislikeStyle(err error) bool {
	var r *oauth2.RetrieveError
	if !errors.As(err, &r) {
		return false
	}
	switch r.ErrorCode {
	case "", "invalid_client", "invalid_request", "unauthorized_client":
		return r.Response.StatusCode >= 400 && r.Response.StatusCode < 500 && r.Response.StatusCode != http.StatusTooManyRequests
	default:
		return false
	}
}

// refusal says in our words what went wrong. The library's error holds the whole answer, so it is not passed on.
func (c *client) refusal(err error) error {
	var r *oauth2.RetrieveError
	if !errors.As(err, &r) {
		return c.noToken(err)
	}
	status := r.Response.StatusCode
	if status >= 300 && status < 400 || status >= 500 || status == http.StatusTooManyRequests {
		return statusError(r.Response, "the token request", "check the token endpoint in its discovery document")
	}
	cause := fmt.Errorf("HTTP status %d, error %s: %s", status, quote(r.ErrorCode), quote(c.scrub(r.ErrorDescription)))
	if status == http.StatusUnauthorized || r.ErrorCode == "invalid_client" {
		cause = errors.Join(errRefused, cause)
	}
	return resilience.Final(dps.Wrap(dps.CodeUnavailable, cause, fmt.Sprintf(
		"the OAuth server refuses to give a token (HTTP status %d, %s): check clientID, clientSecret, scopes and audience in authorization.provider, and that the client may use the grant client_credentials",
		status, quote(c.scrub(r.ErrorCode)))))
}

// noToken is for an exchange without a readable answer.
func (c *client) noToken(err error) error {
	var network *url.Error
	if errors.As(err, &network) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return unreachable(err)
	}
	return dps.Errorf(dps.CodeUnavailable, "the OAuth server's answer is not a token response (RFC 6749 §5.1)")
}

// scrub takes the secret out of a server's words, should it repeat it.
func (c *client) scrub(s string) string {
	if c.secret == "" {
		return s
	}
	return strings.ReplaceAll(s, c.secret, "REDACTED")
}

// earlier gives the earlier of two ends, a zero one meaning none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
