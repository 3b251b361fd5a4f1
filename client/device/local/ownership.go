package local

import (
	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// supportedCredentials are pre-shared keys (1) and certificates (8), in "sct".
const supportedCredentials = ocf.CredentialTypeSymmetric | ocf.CredentialTypeCertificate

// doxmResource is /oic/sec/doxm: whose the device is (OCF Security 2.2.5 §13.2). Discovery by owner asks for
// ?owned=true or false: who does not match keeps silent, or says so where he was asked alone.
func (s *Server) doxmResource() *resource {
	r := security(ocf.PathDoxm, "oic.r.doxm", true)
	r.get = func(c call) (response, *state) {
		if q := c.req.query.Get("owned"); q != "" && (q == "true") != c.state.owned {
			return refuse(codes.BadRequest)
		}
		types, interfaces := r.baseline(c.req)
		return content(ocf.Doxm{ResourceTypes: types, Interfaces: interfaces, Methods: []int{ocf.OwnerTransferManufacturer},
			Selected: c.state.selected, Credentials: supportedCredentials, Owned: c.state.owned, DeviceID: c.state.deviceID,
			OwnerID: orNil(c.state.owner), ResourceOwner: orNil(c.state.doxmOwner)})
	}
	r.post = updateDoxm
	return r
}

// updateDoxm changes doxm, in RFOTM alone: before anybody is connected just the method of the ownership transfer, and over the
// connection of the transfer everything else.
func updateDoxm(c call) (response, *state) {
	var u ocf.DoxmUpdate
	if decode(c.req, &u) != nil || c.state.dos != ocf.StateRFOTM {
		return refuse(codes.BadRequest)
	}
	st := c.state.clone()
	if u.Selected != nil {
		if c.peer.transfers || *u.Selected != ocf.OwnerTransferManufacturer {
			return refuse(codes.BadRequest)
		}
		st.selected = *u.Selected
	}
	if !c.peer.transfers {
		if u.Owned != nil || u.DeviceID != nil || u.OwnerID != nil || u.ResourceOwner != nil {
			return refuse(codes.Forbidden)
		}
		return response{code: codes.Changed}, st
	}
	if !setIDs(set{u.DeviceID, &st.deviceID}, set{u.OwnerID, &st.owner}, set{u.ResourceOwner, &st.doxmOwner}) {
		return refuse(codes.BadRequest)
	}
	if u.Owned != nil {
		if *u.Owned && !st.ownable() {
			return refuse(codes.BadRequest)
		}
		st.owned = *u.Owned
	}
	return response{code: codes.Changed}, st
}

// ownable tells whether the owner that is named could ever come back: without a credential the device would be lost to a
// factory reset.
func (st *state) ownable() bool { return st.owner != "" && st.hasSubject(st.owner) }

// set is an id to be written where it is given.
type set struct {
	from *string
	to   *string
}

// setIDs writes the ids that are given; false: one is no UUID, or none at all.
func setIDs(all ...set) bool {
	for _, s := range all {
		if s.from == nil {
			continue
		}
		id, ok := dps.ParseUUID(*s.from)
		if !ok || id == dps.NilUUID {
			return false
		}
		*s.to = id
	}
	return true
}

// pstatResource is /oic/sec/pstat: where in its onboarding the device is (OCF Security 2.2.5 §13.8).
func (s *Server) pstatResource() *resource {
	r := security(ocf.PathPstat, "oic.r.pstat", false)
	r.get = func(c call) (response, *state) {
		types, interfaces := r.baseline(c.req)
		p := ocf.Pstat{ResourceTypes: types, Interfaces: interfaces, State: ocf.PstatState{State: c.state.dos},
			Operational: c.state.dos == ocf.StateRFNOP, Mode: c.state.mode, Supported: ocf.OperationalModeClient,
			ResourceOwner: orNil(c.state.pstatOwner)}
		if c.state.dos == ocf.StateRFOTM {
			p.CurrentMode = 2
		}
		return content(p)
	}
	r.post = s.updatePstat
	return r
}

func (s *Server) updatePstat(c call) (response, *state) {
	var u ocf.PstatUpdate
	if decode(c.req, &u) != nil {
		return refuse(codes.BadRequest)
	}
	st := c.state.clone()
	if u.Mode != nil {
		if *u.Mode != ocf.OperationalModeClient {
			return refuse(codes.BadRequest)
		}
		st.mode = *u.Mode
	}
	if u.ResourceOwner != nil && (st.dos != ocf.StateRFOTM || !setIDs(set{u.ResourceOwner, &st.pstatOwner})) {
		return refuse(codes.BadRequest)
	}
	if u.State == nil {
		return response{code: codes.Changed}, st
	}
	return s.moveTo(u.State.State, st)
}

// moveTo changes the onboarding state, along the arrows of OCF Security 2.2.5 §8.1.
func (s *Server) moveTo(to ocf.OnboardingState, st *state) (response, *state) {
	switch to {
	case ocf.StateReset:
		s.cfg.Log.Info("device is reset by its owner", "device", st.deviceID)
		return response{code: codes.Changed, end: true}, s.reset(st, dps.NewUUID())
	case ocf.StateRFPRO, ocf.StateRFNOP:
		if !st.complete() {
			return refuse(codes.BadRequest)
		}
		st.dos = to
		return response{code: codes.Changed}, st
	default:
		return refuse(codes.BadRequest)
	}
}

// complete tells whether the device may leave RFOTM: it has an owner, each security resource too, and all of them have a
// credential.
func (st *state) complete() bool {
	for _, id := range []string{st.owner, st.doxmOwner, st.pstatOwner, st.credOwner, st.aclOwner} {
		if id == "" || !st.hasSubject(id) {
			return false
		}
	}
	return st.owned
}
