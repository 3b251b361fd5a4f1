package oauth

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// Grant types as seed 001 writes them.
const (
	GrantClientCredentials = "clientCredentials"
	GrantAuthorizationCode = "authorizationCode"
	GrantDeviceCode        = "deviceCode" // not seed 001's: dpsctl's
)

// The same as requests name them (RFC 6749 §4, RFC 8628 §3.4).
const (
	wireClientCredentials = "client_credentials"
	wireAuthorizationCode = "authorization_code"
	wireDeviceCode        = "urn:ietf:params:oauth:grant-type:device_code"
)

// Client is a registered client, by the keys of seed 001's mockoauthserver.oauth[]; the last three are this server's own. Loopback
// addresses without a port stand for any port.
type Client struct {
	Name        string   `yaml:"name"`
	ID          string   `yaml:"clientID"`
	Secret      string   `yaml:"clientSecret"`
	GrantType   string   `yaml:"grantType"` // "": authorizationCode
	Scopes      []string `yaml:"scopes"`
	Audience    string   `yaml:"audience"`
	RedirectURL string   `yaml:"redirectURL"`
	UseInUI     bool     `yaml:"useInUi"`

	RedirectURLs []string `yaml:"redirectURLs"` // more of them
	LogoutURLs   []string `yaml:"logoutURLs"`   // to which people may return after log-out
	Owner        string   `yaml:"owner"`        // clientCredentials: whose tokens it gets where it names nobody
}

// redirects are all addresses to which people may return with a code.
func (c Client) redirects() []string { return append([]string{c.RedirectURL}, c.RedirectURLs...) }

// Check says what is wrong with a registration, all of it at once. Errors name the key, its value and the remedy, never the
// secret.
func (c Client) Check() error {
	var errs []error
	problem := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if c.Name == "" {
		problem("name is missing: give the name by which a hub knows the provider, such as plgd.dps")
	}
	if c.ID == "" {
		problem("clientID is missing: give the id that the client sends")
	}
	switch c.grant() {
	case GrantClientCredentials:
		if c.Secret == "" {
			problem("clientSecret is missing: a client with grantType %s needs one", GrantClientCredentials)
		}
	case GrantAuthorizationCode:
		errs = append(errs, c.checkAddresses()...)
	case GrantDeviceCode:
	default:
		problem("grantType %q is unknown: write %s, %s or %s", c.GrantType, GrantClientCredentials, GrantAuthorizationCode, GrantDeviceCode)
	}
	return errors.Join(errs...)
}

// checkAddresses looks at where people are sent.
func (c Client) checkAddresses() (errs []error) {
	check := func(key, address string) {
		if u, err := url.Parse(address); err != nil || !u.IsAbs() || u.Host == "" || u.Fragment != "" {
			errs = append(errs, fmt.Errorf("%s %q is none: give the page to which people return, such as https://example.com/things", key, address))
		}
	}
	check("redirectURL", c.RedirectURL)
	for i, address := range c.RedirectURLs {
		check(fmt.Sprintf("redirectURLs[%d]", i), address)
	}
	for i, address := range c.LogoutURLs {
		check(fmt.Sprintf("logoutURLs[%d]", i), address)
	}
	return errs
}

func (c Client) grant() string {
	if c.GrantType == "" {
		return GrantAuthorizationCode
	}
	return c.GrantType
}

// granted gives the scopes that a request gets: those it asks for, or all of the client's. Not ok: one is not the client's.
func (c Client) granted(asked string) (scopes []string, ok bool) {
	scopes = strings.Fields(asked)
	for _, scope := range scopes {
		if !slices.Contains(c.Scopes, scope) {
			return nil, false
		}
	}
	if len(scopes) == 0 {
		scopes = c.Scopes
	}
	return scopes, true
}
