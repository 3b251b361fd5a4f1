package hub_test

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"dps/localstack/hub"
	"dps/localstack/hub/oauth"
	"dps/shared/config"
	"dps/shared/dps"
	"dps/shared/pki"
)

// serviceConfig is a service's configuration around the hub's block.
const serviceConfig = `apis:
  coap:
    address: 127.0.0.1:0
    tls:
      certFile: %[1]s/service.crt
      keyFile: %[1]s/service.key
enrollmentGroups:
  - id: 98be12de-3991-4567-aeea-edd9a656e6df
    owner: "1"
    attestationMechanism:
      x509:
        certificateChain: %[1]s/maker.crt
    hub:
%[2]s`

func TestTheServiceTakesTheHubsBlock(t *testing.T) {
	for name, c := range map[string]oauth.Client{
		"seed 001's":            hub.DefaultClients()[0],
		"values that YAML eats": {Name: "yes", ID: "0123", Secret: `a: "b" # c'd {e}`, Scopes: []string{"openid", "a, b: c"}, Audience: "~"},
		"nothing but must be":   {Name: "n", ID: "i", Secret: "s"},
	} {
		t.Run(name, func(t *testing.T) {
			c.GrantType = oauth.GrantClientCredentials
			page := hub.DefaultClients()[1]
			dir := t.TempDir()
			h := start(t, hub.Options{Dir: filepath.Join(dir, "it's a folder: of # hubs"), Clients: []oauth.Client{page, c}})
			var service, maker *pki.Pair
			if err := pki.LoadOrMake(dir,
				pki.Part{File: "service", Pair: &service, Make: func() (*pki.Pair, error) { return h.PKI.Root.NewLeaf("service") }},
				pki.Part{File: "maker", Pair: &maker, Make: func() (*pki.Pair, error) { return pki.NewRoot("maker") }},
			); err != nil {
				t.Fatal(err)
			}
			text := fmt.Sprintf(serviceConfig, dir, h.ConfigYAML("      "))
			cfg, err := config.Load(write(t, "dps.yaml", text))
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if err := cfg.Check(); err != nil {
				t.Fatal(err)
			}
			got := cfg.EnrollmentGroups[0].AllHubs()[0]
			if got.HubID != hub.DefaultHubID || got.CertificateAuthority.GRPC.Address != h.AuthorityAddr() {
				t.Errorf("hub %s, authority %s", got.HubID, got.CertificateAuthority.GRPC.Address)
			}
			if diff := cmp.Diff([]string{"coaps+tcp://" + h.GatewayAddr(), "coaps://" + h.GatewayAddr()}, got.AllGateways()); diff != "" {
				t.Error(diff)
			}
			p := got.Authorization.Provider
			if p.Name != c.Name || p.ClientID != c.ID || p.Audience != c.Audience || p.Authority != h.OAuthURL() {
				t.Errorf("provider %+v", p)
			}
			if !slices.Equal(c.Scopes, p.Scopes) {
				t.Errorf("scopes %q, want %q", p.Scopes, c.Scopes)
			}
			if secret := must(dps.DecodeDataURI(string(p.ClientSecretFile)))(t); string(secret) != c.Secret {
				t.Errorf("secret %q, want %q", secret, c.Secret)
			}
		})
	}
}
