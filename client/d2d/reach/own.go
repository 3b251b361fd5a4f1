package reach

import (
	"context"

	"dps/shared/ocf"
)

// Own takes ownership of a device that is nobody's, by the manufacturer-certificate method (OCF Security 2.2.5 §7.3.6):
//
//	coap   POST doxm {oxmsel: 2}
//	coaps, manufacturer's certificate
//	       POST pstat {om: 4}; POST doxm {deviceuuid, devowneruuid}; POST cred {our key}; POST acl2, pstat, doxm {rowneruuid};
//	       POST doxm {owned}; POST pstat → RFPRO
//	coaps, our key
//	       DELETE acl2; POST acl2 {what we and everybody may do}; POST pstat → RFNOP
//
// A device that is ours and at work is left as it is. What breaks off on the way is undone by a reset, as far as the device still
// listens. Errors: ReasonNoCredentials without a pre-shared key or manufacturer roots, ReasonOwned, and every Reason.
func (c *Client) Own(ctx context.Context, id string) error {
	id, err := checkID(id)
	if err != nil {
		return err
	}
	creds, key, err := c.ownerKey()
	if err != nil {
		return err
	}
	f, ok := c.known.get(id)
	if !ok {
		return unknown(id)
	}
	s, err := c.sessions.hold(ctx, id)
	if err != nil {
		return err
	}
	defer c.sessions.release(id, s)
	s.drop()
	t := &transfer{client: c, id: id, found: f, creds: creds, key: key}
	ours, err := t.choose(ctx)
	if err == nil && !ours {
		err = t.takeOver(ctx)
	}
	if err == nil {
		err = t.finish(ctx, s)
	}
	if err != nil {
		return err
	}
	c.known.update(id, func(d *Device) { d.Ownership, d.OwnerID = OwnershipOurs, key.SubjectID })
	return nil
}

// ownerKey gives our key. Errors: ReasonNoCredentials.
func (c *Client) ownerKey() (Credentials, PSK, error) {
	creds, err := c.o.Credentials()
	if err != nil {
		return creds, PSK{}, err
	}
	us, err := creds.check()
	switch {
	case err != nil:
		return creds, PSK{}, err
	case creds.PSK == nil:
		return creds, PSK{}, fail(ReasonNoCredentials, nil, "this client has an identity certificate; ownership is taken with a pre-shared key, and devices of a certificate's domain are provisioned by its service")
	case c.o.ManufacturerRoots == nil:
		return creds, PSK{}, fail(ReasonNoCredentials, nil, "no manufacturer roots are configured: whose devices may be owned?")
	}
	key := *creds.PSK
	key.SubjectID = us
	return creds, key, nil
}

func stateUpdate(to ocf.OnboardingState) ocf.PstatUpdate {
	return ocf.PstatUpdate{State: &ocf.PstatStateUpdate{State: to}}
}

// ownerACEs are what a device's owner may do (everything), and everybody (see that it is there).
func ownerACEs(owner string) []ocf.LocalACE {
	us := ocf.ACESubject{UUID: owner}
	entry := func(s ocf.ACESubject, permission int, resources ...ocf.ACEResource) ocf.LocalACE {
		return ocf.LocalACE{ACE: ocf.ACE{Subject: s, Permission: permission, Resources: resources}}
	}
	href := func(h string) ocf.ACEResource { return ocf.ACEResource{Href: h, Interfaces: []string{"*"}} }
	return []ocf.LocalACE{
		entry(us, ocf.PermissionAll, ocf.ACEResource{Wildcard: ocf.WildcardAll, Interfaces: []string{"*"}}, href("/oc/con"), href("/oc/swu"), href("/oic/mnt")),
		entry(us, ocf.PermissionRead|ocf.PermissionWrite|ocf.PermissionDelete, href("/oic/sec/sp"), href(ocf.PathPstat), href(ocf.PathDoxm)),
		entry(us, ocf.PermissionRead, href("/oic/sec/csr")),
		entry(ocf.ACESubject{ConnectionType: ocf.ConnectionAnonymous}, ocf.PermissionRead,
			href(ocf.PathDevice), href(ocf.PathPlatform), href(ocf.PathDiscovery), href(ocf.PathSDI), href(ocf.PathDoxm)),
	}
}
