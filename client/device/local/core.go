package local

import (
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
	"dps/shared/ocf"
)

const manufacturerName = "Simulated devices"

// deviceResource is GET /oic/d: who the device is (OCF Core 2.2.5 §11.2.4).
func (s *Server) deviceResource() *resource {
	r := &resource{href: ocf.PathDevice, types: []string{"oic.wk.d", s.cfg.DeviceType},
		interfaces: []string{ocf.InterfaceRead, ocf.InterfaceBaseline}, configuration: true, open: true}
	r.get = func(c call) (response, *state) {
		types, interfaces := r.baseline(c.req)
		return content(ocf.DeviceInfo{ResourceTypes: types, Interfaces: interfaces, Name: s.name, DeviceID: c.state.deviceID,
			PermanentID: s.platformID, SpecificationLevel: "ocf.2.2.5", DataModelLevel: "ocf.res.1.3.0"})
	}
	return r
}

// platformResource is GET /oic/p: the hardware (OCF Core 2.2.5 §11.2.5).
func (s *Server) platformResource() *resource {
	r := &resource{href: ocf.PathPlatform, types: []string{"oic.wk.p"},
		interfaces: []string{ocf.InterfaceRead, ocf.InterfaceBaseline}, configuration: true, open: true}
	r.get = func(c call) (response, *state) {
		types, interfaces := r.baseline(c.req)
		return content(ocf.PlatformInfo{ResourceTypes: types, Interfaces: interfaces, PlatformID: s.platformID, ManufacturerName: manufacturerName})
	}
	return r
}

// configurationBody is /oc/con.
type configurationBody struct {
	Name string `json:"n"`
}

// configurationResource is /oc/con: the device's name, which its owner may change (OCF Core 2.2.5 §11.2.6).
func (s *Server) configurationResource() *resource {
	r := &resource{href: "/oc/con", types: []string{"oic.wk.con"},
		interfaces: []string{ocf.InterfaceRW, ocf.InterfaceBaseline}, configuration: true}
	r.get = func(call) (response, *state) { return content(configurationBody{Name: s.name}) }
	r.post = func(c call) (response, *state) {
		var b configurationBody
		if decode(c.req, &b) != nil || b.Name == "" || len(b.Name) > maxNameBytes {
			return refuse(codes.BadRequest)
		}
		s.name = b.Name
		return response{code: codes.Changed, value: b}, nil
	}
	return r
}

// sdiBody is /oic/sec/sdi: the security domain (OCF Security 2.2.5 §13.16).
type sdiBody struct {
	ID      string `json:"uuid"`
	Name    string `json:"name"`
	Private bool   `json:"priv"`
}

func (s *Server) sdiResource() *resource {
	r := security(ocf.PathSDI, "oic.r.sdi", true)
	r.get = func(c call) (response, *state) {
		return content(sdiBody{ID: orNil(c.state.owner), Private: c.state.owner == ""})
	}
	return r
}

// orNil writes "nobody" as the protocol does.
func orNil(id string) string {
	if id == "" {
		return dps.NilUUID
	}
	return id
}
