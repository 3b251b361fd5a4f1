package local

import (
	"testing"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// TestAccess is the table of OCF Security 2.2.5 §12.2: state, who, what, and whether.
func TestAccess(t *testing.T) {
	const guest, stranger = "22222222-2222-4222-8222-222222222222", "33333333-3333-4333-8333-333333333333"
	const secured, public = "55555555-5555-4555-8555-555555555555", "66666666-6666-4666-8666-666666666666"
	anybody, transfer := &peer{}, &peer{secure: true, transfers: true}
	byKey := func(id string) *peer { return &peer{secure: true, id: id} }
	href := func(h string) []ocf.ACEResource { return []ocf.ACEResource{{Href: h, Interfaces: []string{"*"}}} }
	working := must(provisioned(owned()))(t)
	for _, e := range []ocf.ACE{
		{Subject: ocf.ACESubject{UUID: guest}, Permission: ocf.PermissionRead, Resources: href("/light/1")},
		{Subject: ocf.ACESubject{UUID: guest}, Permission: ocf.PermissionAll, Resources: href(ocf.PathCred)},
		{Subject: ocf.ACESubject{ConnectionType: ocf.ConnectionAuthenticated}, Permission: ocf.PermissionAll, Resources: href(ocf.PathPstat)},
		{Subject: ocf.ACESubject{ConnectionType: ocf.ConnectionAuthenticated}, Permission: ocf.PermissionWrite, Resources: href("/switch/1")},
		{Subject: ocf.ACESubject{ConnectionType: ocf.ConnectionAnonymous}, Permission: ocf.PermissionAll, Resources: href("/light/1")},
		{Subject: ocf.ACESubject{UUID: secured}, Permission: ocf.PermissionRead, Resources: []ocf.ACEResource{{Wildcard: ocf.WildcardSecured}}},
		{Subject: ocf.ACESubject{UUID: public}, Permission: ocf.PermissionRead, Resources: []ocf.ACEResource{{Wildcard: ocf.WildcardPublic}}},
	} {
		working.addACE(e)
	}
	provisioning := working.clone()
	provisioning.dos = ocf.StateRFPRO
	unowned := fresh(dps.NewUUID())
	for _, c := range []struct {
		name         string
		state        *state
		peer         *peer
		method       codes.Code
		href         string
		transferring bool
		want         bool
	}{
		{"unowned: who are you", unowned, anybody, codes.GET, ocf.PathDevice, false, true},
		{"unowned: whose are you", unowned, anybody, codes.GET, ocf.PathDoxm, false, true},
		{"unowned: choose the method", unowned, anybody, codes.POST, ocf.PathDoxm, false, true},
		{"unowned: where are you", unowned, anybody, codes.GET, ocf.PathPstat, false, true},
		{"unowned: reset in the clear", unowned, anybody, codes.POST, ocf.PathPstat, false, false},
		{"unowned: credentials in the clear", unowned, anybody, codes.POST, ocf.PathCred, false, false},
		{"unowned: entries in the clear", unowned, anybody, codes.GET, ocf.PathACL2, false, false},
		{"unowned: light in the clear", unowned, anybody, codes.GET, "/light/1", false, false},
		{"unowned: looked at while another takes it", unowned, anybody, codes.GET, ocf.PathDevice, true, false},
		{"taken over: credentials", unowned, transfer, codes.POST, ocf.PathCred, true, true},
		{"taken over: the light", unowned, transfer, codes.POST, "/light/1", true, false},

		{"owned: who are you", working, anybody, codes.GET, ocf.PathDevice, false, true},
		{"owned: whose are you", working, anybody, codes.GET, ocf.PathDoxm, false, true},
		{"owned: change that in the clear", working, anybody, codes.POST, ocf.PathDoxm, false, false},
		{"owned: state in the clear", working, anybody, codes.GET, ocf.PathPstat, false, false},
		{"owned: light in the clear, though an entry says so", working, anybody, codes.GET, "/light/1", false, false},
		{"owned: owner reads the light", working, byKey(owner), codes.GET, "/light/1", false, true},
		{"owned: owner changes the light", working, byKey(owner), codes.POST, "/light/1", false, true},
		{"owned: owner changes the state", working, byKey(owner), codes.POST, ocf.PathPstat, false, true},
		{"owned: owner changes the name, which no wildcard covers", working, byKey(owner), codes.POST, "/oc/con", false, false},
		{"owned: guest reads the light", working, byKey(guest), codes.GET, "/light/1", false, true},
		{"owned: guest changes the light, which everybody in the clear could", working, byKey(guest), codes.POST, "/light/1", false, true},
		{"owned: guest deletes the switch", working, byKey(guest), codes.DELETE, "/switch/1", false, false},
		{"owned: guest reads the switch", working, byKey(guest), codes.GET, "/switch/1", false, false},
		{"owned: whoever has credentials changes the switch", working, byKey(stranger), codes.POST, "/switch/1", false, true},
		{"owned: a connection type opens no security resource", working, byKey(stranger), codes.GET, ocf.PathPstat, false, false},
		{"owned: an entry for an id does", working, byKey(guest), codes.GET, ocf.PathCred, false, true},
		{"owned: stranger reads the entries", working, byKey(stranger), codes.GET, ocf.PathACL2, false, false},
		{"owned: every secured resource", working, byKey(secured), codes.GET, "/switch/1", false, true},
		{"owned: every public resource, of which there is none", working, byKey(public), codes.GET, "/switch/1", false, false},
		{"owned: no wildcard covers configuration", working, byKey(secured), codes.GET, "/oc/con", false, false},
		{"owned: a peer without an id is nobody's owner", working, byKey(""), codes.POST, ocf.PathPstat, false, false},

		{"being provisioned: owner's light", provisioning, byKey(owner), codes.GET, "/light/1", false, false},
		{"being provisioned: owner's entries", provisioning, byKey(owner), codes.POST, ocf.PathACL2, false, true},
	} {
		s := bare(t, nil)
		target := s.find(c.href)
		if target == nil {
			t.Fatalf("there is no %s", c.href)
		}
		a := access{state: c.state, peer: c.peer, method: c.method, target: target, transferring: c.transferring}
		if got := a.granted(); got != c.want {
			t.Errorf("%s: %v %s granted %t, want %t", c.name, c.method, c.href, got, c.want)
		}
	}
}
