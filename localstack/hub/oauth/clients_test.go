package oauth_test

import (
	"strings"
	"testing"

	"dps/localstack/hub/oauth"
)

func TestClientsAreChecked(t *testing.T) {
	service := oauth.Client{Name: "plgd.dps", ID: "id", Secret: "hidden", GrantType: oauth.GrantClientCredentials}
	page := oauth.Client{Name: "plgd.web", ID: "id", Secret: "hidden", RedirectURL: pageURL}
	for _, c := range []struct {
		name   string
		client oauth.Client
		change func(*oauth.Client)
		want   []string // nil: good
	}{
		{"a service", service, nil, nil},
		{"a page", page, nil, nil},
		{"a page without a secret", page, func(c *oauth.Client) { c.Secret = "" }, nil},
		{"a service without a secret", service, func(c *oauth.Client) { c.Secret = "" }, []string{"clientSecret is missing"}},
		{"unknown grant", service, func(c *oauth.Client) { c.GrantType = "client_credentials" }, []string{`grantType "client_credentials" is unknown: write clientCredentials`}},
		{"no redirect", page, func(c *oauth.Client) { c.RedirectURL = "" }, []string{`redirectURL "" is none`}},
		{"relative redirect", page, func(c *oauth.Client) { c.RedirectURL = "/things" }, []string{`redirectURL "/things" is none`}},
		{"all at once", page, func(c *oauth.Client) { c.Name, c.ID, c.RedirectURL = "", "", "https://a/#b" }, []string{"name is missing", "clientID is missing", `redirectURL "https://a/#b"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.change != nil {
				c.change(&c.client)
			}
			err := c.client.Check()
			if (err != nil) != (len(c.want) > 0) {
				t.Fatal(err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not say %q", err, want)
				}
			}
			if err != nil && strings.Contains(err.Error(), "hidden") {
				t.Errorf("%q tells the secret", err)
			}
		})
	}
}
