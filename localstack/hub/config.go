package hub

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"dps/localstack/hub/oauth"
)

// What a hub's block in the service's configuration (seed 002) says of this one.
type (
	configBlock struct {
		CAPool    string   `yaml:"caPool"`
		HubID     string   `yaml:"hubID"`
		Gateways  []string `yaml:"gateways"`
		Authority struct {
			GRPC struct {
				Address string    `yaml:"address"`
				TLS     configTLS `yaml:"tls"`
			} `yaml:"grpc"`
		} `yaml:"certificateAuthority"`
		Authorization struct {
			OwnerClaim    string         `yaml:"ownerClaim"`
			DeviceIDClaim string         `yaml:"deviceIDClaim,omitempty"`
			Provider      configProvider `yaml:"provider"`
		} `yaml:"authorization"`
	}
	configProvider struct {
		Name         string   `yaml:"name"`
		Authority    string   `yaml:"authority"`
		ClientID     string   `yaml:"clientID"`
		ClientSecret string   `yaml:"clientSecret"`
		Scopes       []string `yaml:"scopes,flow"`
		Audience     string   `yaml:"audience"`
		HTTP         struct {
			TLS configTLS `yaml:"tls"`
		} `yaml:"http"`
	}
	configTLS struct {
		CAPool   string `yaml:"caPool"`
		KeyFile  string `yaml:"keyFile,omitempty"`
		CertFile string `yaml:"certFile,omitempty"`
	}
)

// ConfigYAML is the "hub" block that makes a provisioning service use this hub; every line begins with indent. It holds the
// OAuth client's secret.
func (h *Hub) ConfigYAML(indent string) string {
	root := h.Path(FileRoot, ".crt")
	block := configBlock{CAPool: root, HubID: h.o.HubID, Gateways: []string{"coaps+tcp://" + h.GatewayAddr(), "coaps://" + h.GatewayAddr()}}
	block.Authority.GRPC.Address = h.authorityAddr
	block.Authority.GRPC.TLS = configTLS{CAPool: root, KeyFile: h.Path(FileClient, ".key"), CertFile: h.Path(FileClient, ".crt")}
	block.Authorization.OwnerClaim, block.Authorization.DeviceIDClaim = h.o.OwnerClaim, h.o.DeviceIDClaim
	client := servicesClient(h.o.Clients)
	block.Authorization.Provider = configProvider{
		Name: client.Name, Authority: h.oauthURL, ClientID: client.ID, ClientSecret: client.Secret, Scopes: client.Scopes, Audience: client.Audience,
	}
	block.Authorization.Provider.HTTP.TLS.CAPool = root
	var b strings.Builder
	encoder := yaml.NewEncoder(&b)
	encoder.SetIndent(2)
	_ = encoder.Encode(block) // strings and lists of them, into a Builder, which takes everything
	return indent + strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\n", "\n"+indent) + "\n"
}

// servicesClient is the client with which a provisioning service gets its tokens. Start has seen to it that there is one.
func servicesClient(clients []oauth.Client) oauth.Client {
	for _, c := range clients {
		if c.GrantType == oauth.GrantClientCredentials {
			return c
		}
	}
	return oauth.Client{}
}
