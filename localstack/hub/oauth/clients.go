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
)

// Client is a registered client, by the keys of seed 001's mockoauthserver.oauth[].
type Client struct {
	Name        string   `yaml:"name"`
	ID          string   `yaml:"clientID"`
	Secret      string   `yaml:"clientSecret"`
	GrantType   string   `yaml:"grantType"` // "": authorizationCode
	Scopes      []string `yaml:"scopes"`
	Audience    string   `yaml:"audience"`
	RedirectURL string   `yaml:"redirectURL"`
	UseInUI     bool     `yaml:"useInUi"`
}

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
		if u, err := url.Parse(c.RedirectURL); err != nil || !u.IsAbs() || u.Host == "" || u.Fragment != "" {
			problem("redirectURL %q is none: give the page to which people return, such as https://example.com/things", c.RedirectURL)
		}
	default:
		problem("grantType %q is unknown: write %s or %s", c.GrantType, GrantClientCredentials, GrantAuthorizationCode)
	}
	return errors.Join(errs...)
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
