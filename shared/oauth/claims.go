package oauth

import (
	"encoding/base64"
	"encoding/json"
	"math"
	"strings"
	"time"
)

// MaxTokenSize bounds an access token, in bytes: what a device can take in one message is not much more.
const MaxTokenSize = 8 << 10

// checkClaims proves that the token speaks for whom it was asked, and gives its end ("exp"), zero where it names none.
// Errors: CodeUnavailable, naming the claim, the expected and the received value; never the token.
func (c *client) checkClaims(token string, g grant, now time.Time) (time.Time, error) {
	claims, err := parseClaims(token)
	if err != nil {
		return time.Time{}, err
	}
	if err := claims.require(c.auth.OwnerClaim, g.owner); err != nil {
		return time.Time{}, err
	}
	if g.deviceID != "" {
		if err := claims.require(c.auth.DeviceIDClaim, g.deviceID); err != nil {
			return time.Time{}, err
		}
	}
	expiry, err := claims.expiry()
	if err != nil {
		return time.Time{}, err
	}
	if !expiry.IsZero() && !now.Before(expiry) {
		return time.Time{}, misconfigured("the OAuth server gave an access token that expired at %s, it is %s: check the clocks of both",
			expiry.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	return expiry, nil
}

type claims map[string]json.RawMessage

// parseClaims reads the payload of a JWT in compact form (RFC 7519 §3, RFC 7515 §7.1).
func parseClaims(token string) (claims, error) {
	if len(token) > MaxTokenSize {
		return nil, misconfigured("the OAuth server gave an access token of %d bytes, at most %d are taken", len(token), MaxTokenSize)
	}
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, misconfigured("the OAuth server gave an access token that is not a JWT, so that its claims cannot be checked: have it issue JWTs")
	}
	var decoded [3][]byte
	for i, p := range parts {
		var err error
		if decoded[i], err = base64.RawURLEncoding.Strict().DecodeString(p); err != nil || strings.ContainsAny(p, "\r\n") {
			return nil, misconfigured("the OAuth server gave an access token whose part %d is not base64url", i+1)
		}
	}
	var c claims
	if err := json.Unmarshal(decoded[1], &c); err != nil || c == nil {
		return nil, misconfigured("the OAuth server gave an access token whose payload is not a JSON object")
	}
	return c, nil
}

// require demands that the claim is a text with this value.
func (c claims) require(name, want string) error {
	raw, ok := c[name]
	if !ok {
		return misconfigured("access token: claim %s is missing, want %s: have the OAuth server set it from the request's parameter of that name", quote(name), quote(want))
	}
	var got *string
	if err := json.Unmarshal(raw, &got); err != nil || got == nil {
		return misconfigured("access token: claim %s is %s, want the text %s", quote(name), quote(string(raw)), quote(want))
	}
	if *got != want {
		return misconfigured("access token: claim %s is %s, want %s", quote(name), quote(*got), quote(want))
	}
	return nil
}

// expiry reads "exp", seconds since 1970, possibly with a fraction (RFC 7519 §2, §4.1.4).
func (c claims) expiry() (time.Time, error) {
	raw, ok := c["exp"]
	if !ok {
		return time.Time{}, nil
	}
	const year9999 = 253402300799
	var seconds *float64
	if err := json.Unmarshal(raw, &seconds); err != nil || seconds == nil || *seconds < 0 || *seconds > year9999 {
		return time.Time{}, misconfigured(`access token: claim "exp" is %s, want seconds since 1970`, quote(string(raw)))
	}
	return time.Unix(int64(math.Floor(*seconds)), 0).UTC(), nil
}
