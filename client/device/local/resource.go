package local

import (
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/ocf"
)

// call is one request to one resource: who asks, what, and the state before it.
type call struct {
	state *state
	peer  *peer
	req   request
}

// handler answers a call and gives the state after it; nil: it stays.
type handler func(call) (response, *state)

// resource is one thing of the device.
type resource struct {
	href          string
	types         []string
	interfaces    []string // the first is the default
	configuration bool     // of the device, not of what it does: wildcards leave it out
	security      bool     // a "security virtual resource"; configuration as well
	vertical      bool     // what the device does
	open          bool     // has a coap:// endpoint
	get           handler
	post          handler
	delete        handler
}

func (r *resource) handler(method codes.Code) handler {
	switch method {
	case codes.GET:
		return r.get
	case codes.POST, codes.PUT:
		return r.post
	case codes.DELETE:
		return r.delete
	default:
		return nil
	}
}

// baseline gives types and interfaces where the request asks for them.
func (r *resource) baseline(req request) (types, interfaces []string) {
	if req.query.Get("if") == ocf.InterfaceBaseline {
		return r.types, r.interfaces
	}
	return nil, nil
}

func content(v any) (response, *state) { return response{code: codes.Content, value: v}, nil }
func refuse(code codes.Code) (response, *state) {
	return response{code: code}, nil
}

// security makes a security resource's description.
func security(href, resourceType string, open bool) *resource {
	return &resource{href: href, types: []string{resourceType}, interfaces: []string{ocf.InterfaceRW, ocf.InterfaceBaseline},
		configuration: true, security: true, open: open}
}

// resources makes everything that the device has, in the order in which discovery lists it.
func (s *Server) resources() []*resource {
	return []*resource{
		s.discoveryResource(), s.deviceResource(), s.platformResource(), s.configurationResource(),
		s.doxmResource(), s.pstatResource(), s.credResource(), s.aclResource(), s.sdiResource(),
		s.lightResource(), s.switchResource(),
	}
}
