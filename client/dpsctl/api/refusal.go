package api

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"dps/shared/dps"
)

// maxDetail bounds how much of a server's words is repeated, in bytes.
const maxDetail = 2000

// problem is RFC 9457's, as the API fills it.
type problem struct {
	Detail  string   `json:"detail"`
	Code    dps.Code `json:"code"`
	Differs []string `json:"differs"` // of a conflict: the fields that somebody else changed
}

// refusal makes an error of an answer that is none of success.
func (c *Client) refusal(resp *http.Response, data []byte) error {
	if resp.StatusCode/100 == 3 {
		return dps.Errorf(dps.CodeInvalid, "%s redirects to %s, and a token is for one host: give the address itself as the server", c.base, redirectHost(resp))
	}
	var p problem
	if json.Unmarshal(data, &p) != nil || p.Detail == "" {
		p = problem{Detail: c.base.Host + " answers " + strconv.Itoa(resp.StatusCode) + " " + http.StatusText(resp.StatusCode)}
	}
	if !slices.Contains(dps.Codes(), p.Code) {
		p.Code = usual(resp.StatusCode)
	}
	if len(p.Differs) > 0 {
		p.Detail += "; different by now: " + strings.Join(p.Differs, ", ")
	}
	if resp.StatusCode == http.StatusUnauthorized {
		p.Detail += ": log in with dpsctl login " + c.base.String()
	}
	e := dps.Errorf(p.Code, "%s", printable(p.Detail))
	if s, err := strconv.Atoi(resp.Header.Get("Retry-After")); err == nil && s > 0 {
		e.RetryAfter = time.Duration(min(s, 3600)) * time.Second
	}
	return e
}

// usual is the code of a status of whoever stands before the API.
func usual(status int) dps.Code {
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		return dps.CodeDenied
	case http.StatusNotFound:
		return dps.CodeNotFound
	case http.StatusConflict, http.StatusPreconditionFailed:
		return dps.CodeConflict
	case http.StatusTooManyRequests:
		return dps.CodeThrottled
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return dps.CodeUnavailable
	case http.StatusInternalServerError:
		return dps.CodeInternal
	}
	return dps.CodeInvalid
}

func redirectHost(resp *http.Response) string {
	u, err := resp.Location()
	if err != nil {
		return "elsewhere"
	}
	return printable(u.Host)
}

// unreachable says of a connection what the operator can do about it.
func unreachable(base *url.URL, err error) error {
	var unverified *tls.CertificateVerificationError
	if errors.As(err, &unverified) {
		return dps.Wrap(dps.CodeInvalid, err, base.Host+": its certificate is not trusted: give the authority it is from with --ca FILE")
	}
	var coded *dps.Error
	if errors.As(err, &coded) {
		return coded
	}
	return dps.Wrap(dps.CodeUnavailable, err, base.Host+" cannot be reached")
}

// printable bounds text of others and takes out what a terminal would obey.
func printable(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), maxDetail)], "")
	return strings.Map(func(r rune) rune {
		if !strconv.IsPrint(r) {
			return ' '
		}
		return r
	}, s)
}
