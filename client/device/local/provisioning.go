package local

import (
	"slices"
	"strconv"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// credResource is /oic/sec/cred: whom the device knows (OCF Security 2.2.5 §13.3).
func (s *Server) credResource() *resource {
	r := security(ocf.PathCred, "oic.r.cred", false)
	r.get = func(c call) (response, *state) {
		types, interfaces := r.baseline(c.req)
		body := ocf.Cred{ResourceTypes: types, Interfaces: interfaces, Entries: []ocf.CredEntry{}, ResourceOwner: orNil(c.state.credOwner)}
		for _, cr := range c.state.creds {
			body.Entries = append(body.Entries, cr.entry())
		}
		return content(body)
	}
	r.post, r.delete = s.updateCred, deleteCred
	return r
}

// updateCred adds credentials. In normal operation nothing may be added: the owner takes the device back to RFPRO first.
func (s *Server) updateCred(c call) (response, *state) {
	var u ocf.Cred
	if err := decode(c.req, &u); err != nil || c.state.dos == ocf.StateRFNOP {
		return refuse(codes.BadRequest)
	}
	st := c.state.clone()
	if u.ResourceOwner != "" && (st.dos != ocf.StateRFOTM || !setIDs(set{&u.ResourceOwner, &st.credOwner})) {
		return refuse(codes.BadRequest)
	}
	for _, e := range u.Entries {
		parsed, err := parseCredential(e)
		if err != nil {
			s.cfg.Log.Warn("credential is refused", "device", st.deviceID, "error", err)
			return refuse(codes.BadRequest)
		}
		for _, p := range parsed {
			st.replaceKey(p)
			st.addCredential(p)
		}
	}
	if len(st.creds) > maxCredentials {
		return refuse(codes.RequestEntityTooLarge)
	}
	return response{code: codes.Changed}, st
}

// replaceKey forgets an older key of the same subject: two would leave it to chance which one works.
func (st *state) replaceKey(c credential) {
	if c.isPSK() {
		st.creds = slices.DeleteFunc(st.creds, func(o credential) bool { return o.isPSK() && o.subject == c.subject })
	}
}

// deleteCred withdraws the credential ?credid=, or all of them. Whom it had let in is out with his next request.
func deleteCred(c call) (response, *state) {
	st := c.state.clone()
	id, all, ok := idQuery(c.req, "credid")
	if !ok || st.dos == ocf.StateRFNOP {
		return refuse(codes.BadRequest)
	}
	st.creds = slices.DeleteFunc(st.creds, func(c credential) bool { return all || c.id == id })
	if len(st.creds) == len(c.state.creds) && !all {
		return refuse(codes.NotFound)
	}
	return response{code: codes.Deleted}, st
}

// aclResource is /oic/sec/acl2: who may do what (OCF Security 2.2.5 §13.5).
func (s *Server) aclResource() *resource {
	r := security(ocf.PathACL2, "oic.r.acl2", false)
	r.get = func(c call) (response, *state) {
		types, interfaces := r.baseline(c.req)
		return content(ocf.ACL2{ResourceTypes: types, Interfaces: interfaces, Entries: c.state.aces, ResourceOwner: orNil(c.state.aclOwner)})
	}
	r.post, r.delete = updateACL, deleteACL
	return r
}

func updateACL(c call) (response, *state) {
	var u ocf.ACL2
	if decode(c.req, &u) != nil || c.state.dos == ocf.StateRFNOP {
		return refuse(codes.BadRequest)
	}
	st := c.state.clone()
	if u.ResourceOwner != "" && (st.dos != ocf.StateRFOTM || !setIDs(set{&u.ResourceOwner, &st.aclOwner})) {
		return refuse(codes.BadRequest)
	}
	for _, e := range u.Entries {
		if !validACE(e.ACE) {
			return refuse(codes.BadRequest)
		}
		st.addACE(e.ACE)
	}
	if len(st.aces) > maxEntries {
		return refuse(codes.RequestEntityTooLarge)
	}
	return response{code: codes.Changed}, st
}

func validACE(e ocf.ACE) bool {
	if e.Permission < 1 || e.Permission > ocf.PermissionAll || len(e.Resources) == 0 || len(e.Resources) > maxACEParts {
		return false
	}
	if e.Subject.UUID != "" {
		if _, ok := dps.ParseUUID(e.Subject.UUID); !ok || e.Subject.ConnectionType != "" {
			return false
		}
	} else if e.Subject.ConnectionType != ocf.ConnectionAnonymous && e.Subject.ConnectionType != ocf.ConnectionAuthenticated {
		return false
	}
	return !slices.ContainsFunc(e.Resources, func(r ocf.ACEResource) bool { return (r.Href == "") == (r.Wildcard == "") })
}

func deleteACL(c call) (response, *state) {
	st := c.state.clone()
	id, all, ok := idQuery(c.req, "aceid")
	if !ok || st.dos == ocf.StateRFNOP {
		return refuse(codes.BadRequest)
	}
	st.aces = slices.DeleteFunc(st.aces, func(e ocf.LocalACE) bool { return all || e.ID == id })
	if len(st.aces) == len(c.state.aces) && !all {
		return refuse(codes.NotFound)
	}
	return response{code: codes.Deleted}, st
}

// idQuery reads which entry is meant: all without the parameter.
func idQuery(req request, name string) (id int, all, ok bool) {
	if !req.query.Has(name) {
		return 0, true, true
	}
	id, err := strconv.Atoi(req.query.Get(name))
	return id, false, err == nil
}
