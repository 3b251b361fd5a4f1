package provisioning

import (
	"context"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/ocf"
)

// The resources that each kind of subject may reach; "*" stands for the wildcard (PROTOCOL §3).
var (
	ownerResources     = []string{"/CoapCloudConfResURI", "/oic/sec/sp", "/x.plgd.dev/time", "/oc/con", "/oc/swu", "/oic/mnt", wildcard}
	anonymousResources = []string{"/oic/d", "/oic/p", "/oic/res", "/oic/sec/sdi", "/oic/sec/doxm"}
	hubResources       = []string{"/oc/con", "/oc/swu", "/oic/mnt", "/x.plgd.dev/time", wildcard}
)

const wildcard = "*"

// provideACLs is step 5: GET …/acls → {"aclist2"}: the owner, anonymous discovery, and each hub.
func provideACLs(_ context.Context, x *exchange) (any, error) {
	entries := accessControl(dps.OwnerUUID(x.admission.Group.Owner), x.admission.Group.Hubs)
	x.result.ACL = aclDetail(entries)
	return ocf.ACLs{Entries: entries}, nil
}

func accessControl(owner string, hubs []contract.HubGateways) []ocf.ACE {
	entries := []ocf.ACE{
		ace(ocf.ACESubject{UUID: owner}, ocf.PermissionAll, ownerResources),
		ace(ocf.ACESubject{ConnectionType: ocf.ConnectionAnonymous}, ocf.PermissionRead, anonymousResources),
	}
	for _, id := range hubIDs(hubs) {
		entries = append(entries, ace(ocf.ACESubject{UUID: id}, ocf.PermissionAll, hubResources))
	}
	return entries
}

func ace(subject ocf.ACESubject, permission int, hrefs []string) ocf.ACE {
	e := ocf.ACE{Subject: subject, Permission: permission, Tag: ocf.Tag}
	for _, href := range hrefs {
		r := ocf.ACEResource{Href: href, Interfaces: []string{wildcard}}
		if href == wildcard {
			r = ocf.ACEResource{Wildcard: wildcard, Interfaces: []string{wildcard}}
		}
		e.Resources = append(e.Resources, r)
	}
	return e
}

func aclDetail(entries []ocf.ACE) *dps.ACLDetail {
	d := &dps.ACLDetail{}
	for _, e := range entries {
		out := dps.ACLEntry{SubjectUUID: e.Subject.UUID, ConnectionType: e.Subject.ConnectionType, Permission: e.Permission}
		for _, r := range e.Resources {
			out.Resources = append(out.Resources, r.Href+r.Wildcard)
		}
		d.Entries = append(d.Entries, out)
	}
	return d
}
