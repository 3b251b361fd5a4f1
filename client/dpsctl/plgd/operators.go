package plgd

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// operators fills in what an API that is enabled leaves out: whose tokens it takes, as the chart does, and a certificate, which the
// chart had made. The one that devices see has the same names.
func (im *importer) operators(service *yaml.Node, o Options) {
	http := descend(service, "apis", "http")
	if enabled := child(http, "enabled"); enabled == nil || enabled.Value != "true" {
		return
	}
	set := func(value, origin string, keys ...string) {
		if value != "" && fill(http, textNode(value), keys...) {
			im.filled(join("apis.http", strings.Join(keys, ".")), "%s, from %s.", value, origin)
		}
	}
	if o.Authority != "" {
		set(asURL(o.Authority), "global.authority", "authorization", "authority")
	} else if o.Domain != "" {
		set(asURL(o.Domain), "global.domain", "authorization", "authority")
	}
	set(o.OwnerClaim, "global.ownerClaim", "authorization", "ownerClaim")
	set(o.Audience, "global.audience", "authorization", "audience")
	if tls := child(http, "tls"); child(tls, "keyFile") != nil || child(tls, "certFile") != nil {
		return
	}
	const origin = "apis.coap.tls: operators' clients must trust who issued it"
	set(or(o.KeyFile, DefaultKeyFile), origin, "tls", "keyFile")
	set(or(o.CertFile, DefaultCertFile), origin, "tls", "certFile")
	if child(child(http, "tls"), "clientCertificateRequired") == nil {
		fill(http, &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!bool", Value: "false"}, "tls", "clientCertificateRequired")
		im.filled("apis.http.tls.clientCertificateRequired", "false, as the chart has it.")
	}
}
