package dpsctl

import (
	"context"
	"fmt"
	"strconv"

	"dps/shared/dps"
)

var hubs = resource[dps.Hub]{
	singular: "hub", plural: "hubs",
	example: `  dpsctl get hubs --config dps.yaml -o wide
  dpsctl get hubs --table dps --owner 1 -o json`,
	columns: []column[dps.Hub]{
		{"ID", false, func(h dps.Hub) string { return h.ID }},
		{"HUB", false, func(h dps.Hub) string { return h.HubID }},
		{"NAME", false, func(h dps.Hub) string { return h.Name }},
		{"OWNER", false, func(h dps.Hub) string { return h.Owner }},
		{"GATEWAY", false, gateway},
		{"CERTIFICATE AUTHORITY", true, func(h dps.Hub) string { return h.CertificateAuthority.Address }},
		{"OAUTH PROVIDER", true, func(h dps.Hub) string { return h.Authorization.Provider.Name }},
		{"OAUTH SERVER", true, func(h dps.Hub) string { return h.Authorization.Provider.Authority }},
		{"OAUTH CLIENT", true, func(h dps.Hub) string { return h.Authorization.Provider.ClientID }},
		{"VERSION", true, func(h dps.Hub) string { return strconv.FormatUint(h.Version, 10) }},
	},
	get:   func(ctx context.Context, s store, id string) (dps.Hub, error) { return s.Hub(ctx, id) },
	list:  func(s store, _ filter) listing[dps.Hub] { return s.ListHubs },
	id:    func(h dps.Hub) string { return h.ID },
	owner: func(h dps.Hub) string { return h.Owner },
	shown: func(h dps.Hub) dps.Hub {
		h.Authorization.Provider.ClientSecret = shownRef(h.Authorization.Provider.ClientSecret)
		h.Authorization.Provider.HTTP.TLS.Key = shownRef(h.Authorization.Provider.HTTP.TLS.Key)
		h.CertificateAuthority.TLS.Key = shownRef(h.CertificateAuthority.TLS.Key)
		return h
	},
}

// gateway gives the first gateway, and how many there are besides.
func gateway(h dps.Hub) string {
	switch len(h.Gateways) {
	case 0:
		return ""
	case 1:
		return h.Gateways[0]
	default:
		return fmt.Sprintf("%s (and %d more)", h.Gateways[0], len(h.Gateways)-1)
	}
}
