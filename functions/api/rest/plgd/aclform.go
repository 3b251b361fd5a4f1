package plgd

import "dps/shared/dps"

// permissions are the names of the bits (PROTOCOL §3), lowest first.
var permissions = []string{"CREATE", "READ", "WRITE", "DELETE", "NOTIFY"}

func aclOf(s dps.StepResult, status *Status) *ACL {
	out := &ACL{Status: status}
	if s.ACL == nil {
		return out
	}
	for _, e := range s.ACL.Entries {
		out.AccessControlList = append(out.AccessControlList, accessOf(e))
	}
	return out
}

func accessOf(e dps.ACLEntry) AccessControl {
	var out AccessControl
	switch {
	case e.ConnectionType == "auth-crypt":
		out.ConnectionSubject = &ConnectionSubject{Type: "AUTH_CRYPT"}
	case e.ConnectionType != "":
		out.ConnectionSubject = &ConnectionSubject{Type: "ANON_CLEAR"}
	default:
		out.DeviceSubject = &DeviceSubject{DeviceID: e.SubjectUUID}
	}
	for i, name := range permissions {
		if e.Permission>>i&1 == 1 {
			out.Permissions = append(out.Permissions, name)
		}
	}
	for _, href := range e.Resources {
		resource := Resource{Href: href, Interfaces: []string{"*"}}
		if href == "*" {
			resource.Href, resource.Wildcard = "", "NONCFG_ALL"
		}
		out.Resources = append(out.Resources, resource)
	}
	return out
}
