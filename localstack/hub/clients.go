package hub

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"dps/localstack/hub/oauth"
)

// DefaultClients are seed 001's: the service's, and the people's.
func DefaultClients() []oauth.Client {
	return []oauth.Client{
		{Name: "plgd.dps", ID: "test", Secret: "test", GrantType: oauth.GrantClientCredentials, Scopes: []string{"openid"}, Audience: "https://api.example.com"},
		{Name: "plgd.web", ID: "test", Secret: "test", Scopes: []string{"openid"}, RedirectURL: "https://mock.plgd.cloud/things", UseInUI: true},
	}
}

// checkClients says what is wrong with the clients, all of it at once.
func checkClients(clients []oauth.Client) error {
	var errs []error
	for i, c := range clients {
		if err := c.Check(); err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				errs = append(errs, fmt.Errorf("mockoauthserver.oauth[%d].%s", i, line))
			}
		}
	}
	if !slices.ContainsFunc(clients, func(c oauth.Client) bool { return c.GrantType == oauth.GrantClientCredentials }) {
		errs = append(errs, fmt.Errorf("mockoauthserver.oauth lists no client with grantType %s: a provisioning service needs one", oauth.GrantClientCredentials))
	}
	return errors.Join(errs...)
}

// readClients reads mockoauthserver.oauth[] of a Helm values file; whatever else stands in it is not the hub's.
func readClients(path string) ([]oauth.Client, error) {
	data, err := os.ReadFile(path) //nolint:gosec // reading the file that the operator names is the purpose
	if err != nil {
		return nil, fmt.Errorf("--config: %w: name a file with mockoauthserver.oauth[], or leave it out for the default clients", err)
	}
	var values struct {
		Mock struct {
			OAuth []oauth.Client `yaml:"oauth"`
		} `yaml:"mockoauthserver"`
	}
	if err := yaml.Unmarshal(data, &values); err != nil {
		return nil, fmt.Errorf("--config: %s: %w", path, err)
	}
	if err := checkClients(values.Mock.OAuth); err != nil {
		return nil, fmt.Errorf("--config: %s:\n%w", path, err)
	}
	return values.Mock.OAuth, nil
}
