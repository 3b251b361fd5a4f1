package plgd

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

const chart = "deviceProvisioningService"

// helm turns a chart's values into a service's configuration. Options' globals that are not set are taken from the values.
func (im *importer) helm(root *yaml.Node, o *Options) *yaml.Node {
	o.Globals = globals(root, o.Globals)
	values := child(root, chart)
	moveAddresses(values)
	if groups := child(values, "enrollmentGroups"); groups != nil {
		for _, g := range groups.Content {
			moveFiles(g)
		}
	}
	service := &yaml.Node{Kind: yaml.MappingNode, Content: splitService(values)}
	kept := im.keep(im.schema, service, chart)
	for i := 0; i+1 < len(root.Content); i += 2 {
		im.drop(root.Content[i].Value, root.Content[i+1])
	}
	return kept
}

// globals takes the chart's global values out of the tree; those that are given go before them.
func globals(root *yaml.Node, given Globals) Globals {
	of := func(name string) string { return take(root, "global", name) }
	return Globals{
		Domain:        or(given.Domain, of("domain")),
		HubID:         or(given.HubID, of("hubId")),
		OwnerClaim:    or(given.OwnerClaim, of("ownerClaim")),
		DeviceIDClaim: or(given.DeviceIDClaim, of("deviceIdClaim")),
		Authority:     or(given.Authority, of("authority")),
		Audience:      or(given.Audience, of("audience")),

		gatewayPort:     take(root, "coapgateway", "service", "nodePort"),
		authorityDomain: take(root, "certificateauthority", "domain"),
	}
}

// moveAddresses turns ports into addresses to listen on. A node port is the one that devices know.
func moveAddresses(values *yaml.Node) {
	inner, outer := take(values, "port"), take(values, "service", "nodePort")
	if port := or(outer, inner); port != "" {
		coap := section(values, "apis", "coap")
		remove(coap, "address")
		fill(coap, textNode("0.0.0.0:"+port), "address")
	}
	if port := take(values, "apis", "http", "port"); port != "" {
		fill(section(values, "apis", "http"), textNode("0.0.0.0:"+port), "address")
	}
}

// moveFiles gives the chart's ...File variants the one name that takes files and PEM text alike.
func moveFiles(group *yaml.Node) {
	if x509 := descend(group, "attestationMechanism", "x509"); x509 != nil {
		prefer(x509, "certificateChainFile", "certificateChain")
	}
	for _, h := range hubs(group) {
		prefer(h.node, "caPoolFile", "caPool")
	}
}

// prefer puts the file, where one is named, in the place of the content: so does the chart.
func prefer(n *yaml.Node, file, content string) {
	if f := child(n, file); f == nil || isUnset(f) {
		remove(n, file)
		return
	}
	remove(n, content)
	rename(n, file, content)
}

// hub is a hub of a group, by its place in it.
type hub struct {
	path string
	node *yaml.Node
}

func hubs(group *yaml.Node) []hub {
	var out []hub
	if h := child(group, "hub"); h != nil && h.Kind == yaml.MappingNode {
		out = append(out, hub{"hub", h})
	}
	if all := child(group, "hubs"); all != nil && all.Kind == yaml.SequenceNode {
		for i, h := range all.Content {
			out = append(out, hub{index("hubs", i), h})
		}
	}
	return out
}

// splitService takes the sections of the service's own configuration out of the chart's values.
func splitService(values *yaml.Node) []*yaml.Node {
	var service, rest []*yaml.Node
	for i := 0; i+1 < len(values.Content); i += 2 {
		pair := values.Content[i : i+2]
		if slices.ContainsFunc(serviceSections, func(s string) bool { return strings.EqualFold(s, pair[0].Value) }) {
			service = append(service, pair...)
		} else {
			rest = append(rest, pair...)
		}
	}
	values.Content = rest
	return service
}

var serviceSections = []string{"log", "apis", "clients", "enrollmentGroups", "taskQueue"}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func lower(s string) string { return strings.ToLower(s) }
