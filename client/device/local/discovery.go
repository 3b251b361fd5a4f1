package local

import (
	"slices"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/ocf"
)

// discoveryResource is GET /oic/res → the links (OCF Core 2.2.5 §11.2.3, §11.3.2).
func (s *Server) discoveryResource() *resource {
	return &resource{href: ocf.PathDiscovery, types: []string{"oic.wk.res"}, interfaces: []string{ocf.InterfaceLinks, ocf.InterfaceBaseline},
		configuration: true, open: true, get: s.discover}
}

func (s *Server) discover(c call) (response, *state) {
	links := s.links(c.state.deviceID, c.req.query["rt"])
	switch c.req.query.Get("if") {
	case "", ocf.InterfaceLinks:
		if len(links) == 0 {
			return refuse(codes.NotFound)
		}
		return content(links)
	case ocf.InterfaceBaseline:
		if len(links) == 0 {
			return refuse(codes.NotFound)
		}
		return content([]ocf.LinksBaseline{{ResourceTypes: []string{"oic.wk.res"},
			Interfaces: []string{ocf.InterfaceLinks, ocf.InterfaceBaseline}, Links: links}})
	default:
		return refuse(codes.BadRequest)
	}
}

// links lists the resources that have one of the types; no type: all of them.
func (s *Server) links(deviceID string, types []string) []ocf.Link {
	var out []ocf.Link
	for _, r := range s.tree {
		if len(types) > 0 && !slices.ContainsFunc(types, func(t string) bool { return slices.Contains(r.types, t) }) {
			continue
		}
		out = append(out, ocf.Link{Anchor: ocf.AnchorScheme + deviceID, Href: r.href, ResourceTypes: r.types, Interfaces: r.interfaces,
			Policy: &ocf.LinkPolicy{Bitmask: ocf.PolicyDiscoverable}, Endpoints: s.endpoints(r)})
	}
	return out
}

// endpoints are where a resource can be reached, the safest first.
func (s *Server) endpoints(r *resource) []ocf.LinkEndpoint {
	var out []ocf.LinkEndpoint
	for _, e := range s.where {
		if e.scheme != ocf.SchemeUDP || r.open {
			out = append(out, ocf.LinkEndpoint{URI: e.scheme + "://" + e.address})
		}
	}
	return out
}
