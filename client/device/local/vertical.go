package local

import (
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/ocf"
)

// maxPower is the brightest that the light shines, in percent.
const maxPower = 100

// light is what the device does, as long as the program runs; a reset turns it off.
type light struct {
	on    bool
	power int
	plug  bool
}

// lightBody is /light/1. Pointers tell what an update leaves out.
type lightBody struct {
	Types      []string `json:"rt,omitempty"`
	Interfaces []string `json:"if,omitempty"`
	State      *bool    `json:"state,omitempty"`
	Power      *int     `json:"power,omitempty"`
}

// lightResource is /light/1: RETRIEVE and UPDATE {state, power 0 to 100}.
func (s *Server) lightResource() *resource {
	r := &resource{href: "/light/1", types: []string{"core.light"}, interfaces: []string{ocf.InterfaceRW, ocf.InterfaceBaseline}, vertical: true}
	r.get = func(c call) (response, *state) {
		body := s.lightBody()
		body.Types, body.Interfaces = r.baseline(c.req)
		return content(body)
	}
	r.post = func(c call) (response, *state) {
		var b lightBody
		if decode(c.req, &b) != nil || b.Power != nil && (*b.Power < 0 || *b.Power > maxPower) {
			return refuse(codes.BadRequest)
		}
		if b.State != nil {
			s.light.on = *b.State
		}
		if b.Power != nil {
			s.light.power = *b.Power
		}
		return response{code: codes.Changed, value: s.lightBody()}, nil
	}
	return r
}

func (s *Server) lightBody() lightBody {
	on, power := s.light.on, s.light.power
	return lightBody{State: &on, Power: &power}
}

// switchBody is /switch/1.
type switchBody struct {
	Types      []string `json:"rt,omitempty"`
	Interfaces []string `json:"if,omitempty"`
	Value      *bool    `json:"value,omitempty"`
}

// switchResource is /switch/1, a binary switch (oic.r.switch.binary): RETRIEVE and UPDATE {value}.
func (s *Server) switchResource() *resource {
	r := &resource{href: "/switch/1", types: []string{"oic.r.switch.binary"},
		interfaces: []string{ocf.InterfaceActuator, ocf.InterfaceBaseline}, vertical: true}
	answer := func(code codes.Code, req request) response {
		on := s.light.plug
		types, interfaces := r.baseline(req)
		return response{code: code, value: switchBody{Types: types, Interfaces: interfaces, Value: &on}}
	}
	r.get = func(c call) (response, *state) { return answer(codes.Content, c.req), nil }
	r.post = func(c call) (response, *state) {
		var b switchBody
		if decode(c.req, &b) != nil || b.Value == nil {
			return refuse(codes.BadRequest)
		}
		s.light.plug = *b.Value
		return answer(codes.Changed, c.req), nil
	}
	return r
}
