package plgd

import "go.yaml.in/yaml/v3"

// trust does for each hub what plgd's chart does by mounting files: its clients trust the system's roots where no others are
// named. What only files can do is left to the operator.
func (im *importer) trust(service *yaml.Node) {
	groups := child(service, "enrollmentGroups")
	if groups == nil {
		return
	}
	for i, group := range groups.Content {
		for _, h := range hubs(group) {
			im.trustHub(join(index("enrollmentGroups", i), h.path), h.node)
		}
	}
}

func (im *importer) trustHub(path string, h *yaml.Node) {
	authority, oauth := []string{"certificateAuthority", "grpc", "tls"}, []string{"authorization", "provider", "http", "tls"}
	for _, at := range [][]string{authority, oauth} {
		if child(descend(h, at...), "caPool") == nil {
			fill(h, trueNode(), append(at, "useSystemCAPool")...)
		}
	}
	if child(h, "caPool") == nil {
		im.todo(path+".caPool", "the chart gave devices the root of its own certificates (/certs/ca.crt): "+
			"name a file with the roots of the hub's gateways, unless devices know them.")
	}
	if child(descend(h, authority...), "keyFile") == nil {
		im.todo(path+".certificateAuthority.grpc.tls", "the chart showed a client certificate of its own to the authority (/certs/client): "+
			"name one as keyFile and certFile if the authority asks for it, and its roots as caPool if they are not the system's.")
	}
}
