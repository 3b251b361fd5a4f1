package plgd

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// gatewayPort is where a hub's CoAP gateway listens unless its chart says otherwise.
const gatewayPort = "5684"

// Complete fills in what the hubs of a configuration of this service leave out, and leaves the rest as it is. Errors:
// CodeInvalid where data is no YAML.
func Complete(data []byte, g Globals) ([]byte, []Note, error) {
	root, err := parse(data)
	if err != nil {
		return nil, nil, err
	}
	im := &importer{}
	im.complete(root, g)
	return encode(root), im.result.Filled, nil
}

// complete fills in every hub.
func (im *importer) complete(service *yaml.Node, g Globals) {
	groups := child(service, "enrollmentGroups")
	if groups == nil {
		return
	}
	for i, group := range groups.Content {
		for _, h := range hubs(group) {
			im.completeHub(join(index("enrollmentGroups", i), h.path), h.node, g)
		}
	}
}

// completeHub fills in one hub.
func (im *importer) completeHub(path string, h *yaml.Node, g Globals) {
	set := func(value, origin string, keys ...string) {
		if value != "" && fill(h, textNode(value), keys...) {
			im.filled(join(path, strings.Join(keys, ".")), "%s, from %s.", value, origin)
		}
	}
	set(g.HubID, "global.hubId", "hubID")
	if child(h, "gateways") == nil && g.Domain != "" {
		set(g.Domain+":"+or(g.gatewayPort, gatewayPort), "global.domain and coapgateway.service.nodePort", "coapGateway")
	}
	set(authorityAddress(g), "certificateauthority.domain or global.domain", "certificateAuthority", "grpc", "address")
	set(g.OwnerClaim, "global.ownerClaim", "authorization", "ownerClaim")
	set(g.DeviceIDClaim, "global.deviceIdClaim", "authorization", "deviceIDClaim")
	if g.Authority != "" {
		set(asURL(g.Authority), "global.authority", "authorization", "provider", "authority")
	} else if g.Domain != "" {
		set(asURL(g.Domain), "global.domain", "authorization", "provider", "authority")
	}
	set(g.Audience, "global.audience", "authorization", "provider", "audience")
}

func authorityAddress(g Globals) string {
	switch {
	case g.authorityDomain != "":
		return g.authorityDomain + ":443"
	case g.Domain != "":
		return "api." + g.Domain + ":443"
	default:
		return ""
	}
}

func asURL(authority string) string {
	if strings.HasPrefix(authority, "http") {
		return authority
	}
	return "https://" + authority
}
