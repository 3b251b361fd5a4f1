package local

import (
	"crypto/tls"
	"slices"

	"dps/shared/dps"
	"dps/shared/ocf"
)

// Bounds of what can be provisioned, against a client that fills the device's memory.
const (
	maxCredentials = 32
	maxEntries     = 64
	maxACEParts    = 64 // resources of one entry
)

// state is everything that an owner can change, and that a reset forgets. It is never changed once others can see it: a
// request makes a copy.
type state struct {
	deviceID string
	dos      ocf.OnboardingState
	selected int // the ownership transfer method
	mode     int // "om" of pstat
	owned    bool
	owner    string // devowneruuid; "": nobody

	// Who may change each of the four security resources ("rowneruuid"; "": nobody).
	doxmOwner, pstatOwner, credOwner, aclOwner string

	identity tls.Certificate // without a chain: none
	creds    []credential
	aces     []ocf.LocalACE
	lastID   int // of a credential or an entry
}

// fresh is the state of a device that nobody owns.
func fresh(deviceID string) *state {
	return &state{deviceID: deviceID, dos: ocf.StateRFOTM, selected: ocf.OwnerTransferSelf, mode: ocf.OperationalModeClient, aces: factoryACEs()}
}

// factoryACEs let everybody see that the device exists (OCF Security 2.2.5 §13.5).
func factoryACEs() []ocf.LocalACE {
	var open []ocf.ACEResource
	for _, href := range []string{ocf.PathDiscovery, ocf.PathDevice, ocf.PathPlatform, ocf.PathSDI, ocf.PathDoxm} {
		open = append(open, ocf.ACEResource{Href: href, Interfaces: []string{"*"}})
	}
	return []ocf.LocalACE{{ID: 1, ACE: ocf.ACE{
		Subject: ocf.ACESubject{ConnectionType: ocf.ConnectionAnonymous}, Permission: ocf.PermissionRead, Resources: open}}}
}

// provisioned is the state of a device that the provisioning service gave to its owner. As the firmware does, the owner also
// becomes the owner of the four security resources.
func provisioned(p *Provisioned) (*state, error) {
	id, _ := dps.ParseUUID(p.DeviceID)
	owner, _ := dps.ParseUUID(p.Owner)
	st := &state{deviceID: id, dos: ocf.StateRFNOP, selected: ocf.OwnerTransferManufacturer, mode: ocf.OperationalModeClient,
		owned: true, owner: owner, doxmOwner: owner, pstatOwner: owner, credOwner: owner, aclOwner: owner, identity: p.Identity}
	for _, a := range p.Anchors {
		st.addCredential(anchorCredential(a))
	}
	if p.PSK != nil {
		c, err := pskCredential(p.PSK.Subject, []byte(p.PSK.Key.Reveal()))
		if err != nil {
			return nil, err
		}
		st.addCredential(c)
	}
	for _, e := range p.ACEs {
		st.addACE(e)
	}
	return st, nil
}

// clone is a copy that may be changed.
func (st *state) clone() *state {
	c := *st
	c.creds, c.aces = slices.Clone(st.creds), slices.Clone(st.aces)
	return &c
}

func (st *state) addCredential(c credential) {
	st.lastID++
	c.id = st.lastID
	st.creds = append(st.creds, c)
}

func (st *state) addACE(e ocf.ACE) {
	st.lastID++
	st.aces = append(st.aces, ocf.LocalACE{ID: st.lastID, ACE: e})
}

// unowned tells whether the device waits for an owner.
func (st *state) unowned() bool { return st.dos == ocf.StateRFOTM && !st.owned }

// credential gives the credential of the id.
func (st *state) credential(id int) (credential, bool) {
	i := slices.IndexFunc(st.creds, func(c credential) bool { return c.id == id })
	if i < 0 {
		return credential{}, false
	}
	return st.creds[i], true
}

// hasSubject tells whether a credential lets the subject in: an owner without one could never come back.
func (st *state) hasSubject(id string) bool {
	return slices.ContainsFunc(st.creds, func(c credential) bool { return c.subject == id })
}
