package plgd

import (
	"go.yaml.in/yaml/v3"

	"dps/shared/config"
	"dps/shared/dps"
)

// Globals fill in what hubs leave out, by the rules of plgd's chart.
type Globals struct {
	Domain        string // coapGateway DOMAIN:5684, authority https://DOMAIN, certificate authority api.DOMAIN:443
	HubID         string
	OwnerClaim    string
	DeviceIDClaim string
	Authority     string // of the OAuth server; HOST or URL
	Audience      string

	gatewayPort     string // "" is 5684
	authorityDomain string // of the certificate authority
}

// Options may be left zero.
type Options struct {
	Globals           // go before those of the file
	KeyFile, CertFile string
}

// Where the service's own key and certificate are looked for, unless the file or Options say.
const (
	DefaultKeyFile  = "certs/tls.key"
	DefaultCertFile = "certs/tls.crt"
)

// Result is a configuration of this service, and how it came about.
type Result struct {
	YAML    []byte // secrets that stood in the file stand in here, too
	Filled  []Note // what the file left out and its global values gave
	Dropped []Note // what has no counterpart
	ToDo    []Note // what the operator must see to, as the chart did it for him
	Invalid error  // what package config still finds wrong; nil for nothing
}

// importer is one run of Import.
type importer struct {
	schema *schema
	result Result
}

// Import reads a configuration file of plgd's service, or a values file of its chart. Errors: CodeInvalid where it is
// neither.
func Import(data []byte, o Options) (Result, error) {
	root, err := parse(data)
	if err != nil {
		return Result{}, err
	}
	im := &importer{schema: newSchema()}
	var service *yaml.Node
	switch {
	case isHelm(root):
		service = im.helm(root, &o)
	case isService(root):
		service = im.keep(im.schema, root, "")
	default:
		return Result{}, dps.Errorf(dps.CodeInvalid, "neither a configuration file of plgd's device provisioning service (apis, clients, enrollmentGroups) "+
			"nor a values file of its chart (deviceProvisioningService)")
	}
	im.complete(service, o.Globals)
	if isHelm(root) {
		im.trust(service)
	}
	im.certificate(service, o)
	im.operators(service, o)
	order(service)
	im.result.YAML = encode(service)
	_, im.result.Invalid = config.Parse(im.result.YAML)
	return im.result, nil
}

// IsHelm tells whether data is a values file of plgd's chart.
func IsHelm(data []byte) bool {
	root, err := parse(data)
	return err == nil && isHelm(root)
}

func isHelm(root *yaml.Node) bool { return child(root, "deviceProvisioningService") != nil }

func isService(root *yaml.Node) bool {
	for _, name := range []string{"apis", "clients", "enrollmentGroups", "log", "taskQueue"} {
		if child(root, name) != nil {
			return true
		}
	}
	return false
}

// keep copies what this service knows, under its own names, and notes the rest. path is that of n in the file.
func (im *importer) keep(s *schema, n *yaml.Node, path string) *yaml.Node {
	out := &yaml.Node{Kind: yaml.MappingNode, HeadComment: n.HeadComment, FootComment: n.FootComment}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		at := join(path, key.Value)
		c := s.children[lower(key.Value)]
		switch {
		case isUnset(value):
			continue // which means the default, there as here
		case c == nil:
			im.drop(at, value)
			continue
		case c.property != nil && c.impossible(value):
			im.refuse(at, value)
			continue
		case c.property != nil:
			value = c.adapt(value)
		case c.list && value.Kind == yaml.SequenceNode:
			value = im.keepAll(c, value, at)
		case value.Kind == yaml.MappingNode:
			value = im.keep(c, value, at)
		}
		if !isUnset(value) {
			key.Value = c.name
			out.Content = append(out.Content, key, value)
		}
	}
	return out
}

func (im *importer) keepAll(s *schema, n *yaml.Node, path string) *yaml.Node {
	out := &yaml.Node{Kind: yaml.SequenceNode, HeadComment: n.HeadComment}
	for i, item := range n.Content {
		if item.Kind == yaml.MappingNode {
			item = im.keep(s, item, index(path, i))
		}
		out.Content = append(out.Content, item)
	}
	return out
}

// certificate names the service's own certificate, which plgd's chart has made and mounted.
func (im *importer) certificate(service *yaml.Node, o Options) {
	tls := []string{"apis", "coap", "tls"}
	given := o.KeyFile != "" || o.CertFile != ""
	if descend(service, append(tls, "keyFile")...) != nil && descend(service, append(tls, "certFile")...) != nil && !given {
		return
	}
	key, cert := or(o.KeyFile, DefaultKeyFile), or(o.CertFile, DefaultCertFile)
	at := section(service, tls...)
	remove(at, "keyFile")
	remove(at, "certFile")
	fill(at, textNode(key), "keyFile")
	fill(at, textNode(cert), "certFile")
	if !given {
		im.todo("apis.coap.tls", "the chart had a certificate made for the service: put the service's key into "+key+" and its certificate into "+cert+".")
	}
}

// order puts the sections into the order of the documentation.
func order(service *yaml.Node) {
	var content []*yaml.Node
	for _, name := range append(serviceSections, "functions") {
		for i := 0; i+1 < len(service.Content); i += 2 {
			if service.Content[i].Value == name {
				content = append(content, service.Content[i], service.Content[i+1])
			}
		}
	}
	service.Content = content
}
