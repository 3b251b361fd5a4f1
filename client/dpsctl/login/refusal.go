package login

import (
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/oauth2"

	"dps/shared/dps"
)

// explain gives an error of the OAuth server its code, and words without what it answered: that may hold a token.
func (c Client) explain(err error) error {
	var refused *oauth2.RetrieveError
	switch {
	case err == nil:
		return nil
	case !errors.As(err, &refused):
		return dps.Wrap(dps.CodeUnavailable, withoutQuery(err), c.Provider.Issuer+" cannot be asked")
	case refused.Response != nil && refused.Response.StatusCode >= http.StatusInternalServerError:
		return dps.Errorf(dps.CodeUnavailable, "%s is out of order (%d)", c.Provider.Issuer, refused.Response.StatusCode)
	}
	if words := meaning(refused.ErrorCode); words != "" {
		return dps.Errorf(dps.CodeDenied, "%s: %s", c.Provider.Issuer, words)
	}
	return dps.Errorf(dps.CodeDenied, "%s refuses the log-in: %s", c.Provider.Issuer, quoted(refused.ErrorCode))
}

const tooLong = "the log-in took too long: start it again"

// meaning says what an error code (RFC 6749 §5.2, RFC 8628 §3.5, RFC 8707 §2) means here; "" for others.
func meaning(code string) string {
	switch code {
	case "access_denied":
		return "the log-in was declined"
	case "expired_token":
		return tooLong
	case "invalid_grant":
		return "the session has ended"
	case "invalid_client":
		return "the OAuth client's id or secret is wrong: see to --client-id and --client-secret-file (or DPS_CLIENT_SECRET)"
	case "unauthorized_client":
		return "the OAuth client may not log in this way: see to --client-id"
	case "invalid_scope":
		return "the OAuth client may not have these scopes: see to --scope"
	case "invalid_target":
		return "the OAuth client may not have tokens for this API's audience"
	}
	return ""
}

// quoted gives an error code of the OAuth server's, if it looks like one.
func quoted(code string) string {
	ok := code != "" && len(code) <= 64 && !slices.ContainsFunc([]rune(code), func(r rune) bool { return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz_", r) })
	if !ok {
		return "without a reason"
	}
	return strconv.Quote(code)
}

// withoutQuery takes out of an error of net/http's what may be said in an address.
func withoutQuery(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
