package local

import (
	"slices"
	"strings"

	"github.com/plgd-dev/go-coap/v3/message/codes"

	"dps/shared/ocf"
)

// access decides whether a peer may do a thing to a resource: OCF Security 2.2.5 §12.2 and §7.3, in the order in which the
// firmware asks.
type access struct {
	state  *state
	peer   *peer
	method codes.Code
	target *resource
	// transferring tells whether the connection of an ownership transfer ("DOC") is open.
	transferring bool
}

// granted gives the decision.
func (a access) granted() bool {
	secure := a.peer.secure
	if a.state.unowned() && !secure && a.transferring {
		return false // while somebody takes it over, nobody else may even look
	}
	if !a.target.configuration && a.state.dos != ocf.StateRFNOP {
		return false
	}
	if a.target.vertical && !secure {
		return false // whatever the entries say
	}
	if a.peer.transfers && a.target.configuration {
		return true
	}
	if a.state.unowned() {
		return a.beforeOwnership()
	}
	if a.target.security && !secure && !a.openSecurity() {
		return false
	}
	return a.ownsResource() || a.permitted()
}

// beforeOwnership: who it is, and how it can be owned.
func (a access) beforeOwnership() bool {
	switch a.target.href {
	case ocf.PathDiscovery, ocf.PathDevice, ocf.PathPlatform, ocf.PathPstat:
		return a.method == codes.GET
	case ocf.PathDoxm:
		return a.method == codes.GET || a.method == codes.POST
	default:
		return false
	}
}

// openSecurity are the reads that clients need to tell an owned device's owner. Strict firmware refuses these as well,
// whatever its entries say; the provisioning service opens them, so here its entries decide.
func (a access) openSecurity() bool {
	return a.method == codes.GET && (a.target.href == ocf.PathDoxm || a.target.href == ocf.PathSDI)
}

// ownsResource tells whether the peer is the "rowneruuid" of a security resource.
func (a access) ownsResource() bool {
	owners := map[string]string{ocf.PathDoxm: a.state.doxmOwner, ocf.PathPstat: a.state.pstatOwner,
		ocf.PathCred: a.state.credOwner, ocf.PathACL2: a.state.aclOwner}
	return a.peer.id != "" && a.peer.id == owners[a.target.href]
}

// permitted looks for an entry that gives the permission.
func (a access) permitted() bool {
	need := map[codes.Code]int{codes.GET: ocf.PermissionRead, codes.POST: ocf.PermissionWrite, codes.PUT: ocf.PermissionWrite,
		codes.DELETE: ocf.PermissionDelete}[a.method]
	return need != 0 && slices.ContainsFunc(a.state.aces, func(e ocf.LocalACE) bool {
		return e.Permission&need != 0 && a.isSubject(e.Subject) && slices.ContainsFunc(e.Resources, a.isTarget)
	})
}

// isSubject: a connection type never opens a security resource to a peer with credentials, and what is open to
// everybody is open to him too.
func (a access) isSubject(s ocf.ACESubject) bool {
	switch {
	case s.UUID != "":
		return a.peer.id != "" && strings.EqualFold(s.UUID, a.peer.id)
	case s.ConnectionType == ocf.ConnectionAuthenticated:
		return a.peer.secure && !a.target.security
	case s.ConnectionType == ocf.ConnectionAnonymous:
		return !a.peer.secure || !a.target.security
	default:
		return false
	}
}

func (a access) isTarget(r ocf.ACEResource) bool {
	switch r.Wildcard {
	case "":
		return r.Href == a.target.href
	case ocf.WildcardAll:
		return !a.target.configuration
	case ocf.WildcardSecured:
		return !a.target.configuration // every one here is discoverable and has a secure endpoint
	case ocf.WildcardPublic:
		return !a.target.configuration && a.target.open
	default:
		return false
	}
}
