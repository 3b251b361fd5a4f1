package hub

import (
	"strings"
	"text/template"
)

// configBlock is a hub in the service's configuration (seed 002).
var configBlock = template.Must(template.New("hub").Parse(`caPool: {{.Root}}
hubID: {{.HubID}}
gateways:
  - coaps+tcp://{{.Gateway}}
  - coaps://{{.Gateway}}
certificateAuthority:
  grpc:
    address: {{.Authority}}
    tls:
      caPool: {{.Root}}
      keyFile: {{.Key}}
      certFile: {{.Cert}}
authorization:
  ownerClaim: {{.OwnerClaim}}
{{- if .DeviceIDClaim}}
  deviceIDClaim: {{.DeviceIDClaim}}
{{- end}}
  provider:
    name: {{.Provider.Name}}
    authority: {{.OAuth}}
    clientID: {{.Provider.ID}}
    clientSecret: {{.Provider.Secret}}
    scopes: [{{range $i, $s := .Provider.Scopes}}{{if $i}}, {{end}}{{$s}}{{end}}]
    audience: {{.Provider.Audience}}
    http:
      tls:
        caPool: {{.Root}}
`))

// ConfigYAML is the "hub" block that makes a provisioning service use this hub; every line begins with indent.
func (h *Hub) ConfigYAML(indent string) string {
	provider := h.o.Clients[0]
	for _, c := range h.o.Clients {
		if c.GrantType == "clientCredentials" {
			provider = c
			break
		}
	}
	var b strings.Builder
	_ = configBlock.Execute(&b, map[string]any{ // a Builder takes everything, and every key is here
		"Root": h.Path(FileRoot, ".crt"), "Cert": h.Path(FileClient, ".crt"), "Key": h.Path(FileClient, ".key"),
		"HubID": h.o.HubID, "Gateway": h.Gateway.Addr(), "Authority": h.authorityAddr, "OAuth": h.oauthURL,
		"OwnerClaim": h.o.OwnerClaim, "DeviceIDClaim": h.o.DeviceIDClaim, "Provider": provider,
	})
	return indent + strings.ReplaceAll(strings.TrimSuffix(b.String(), "\n"), "\n", "\n"+indent) + "\n"
}
