package device

import (
	"strings"

	"dps/shared/ocf"
)

// acceptACLs verifies step 5: GET …/acls → 2.05 {aclist2}. An unknown key inside an entry fails the step.
func (r *run) acceptACLs(body object) error {
	if err := body.without("rowneruuid"); err != nil {
		return err
	}
	items, err := body.list("aclist2")
	if err != nil {
		return err
	}
	entries := make([]ocf.ACE, 0, len(items))
	for _, item := range items {
		e, err := acceptACE(item)
		if err != nil {
			return err
		}
		entries = append(entries, e)
	}
	if !names(entries, r.result.Owner) {
		return faultf(ReasonBody, "no entry of body.aclist2 lets in the owner %s", r.result.Owner)
	}
	r.result.ACEs = entries
	return nil
}

func acceptACE(o object) (ocf.ACE, error) {
	var e ocf.ACE
	if err := o.only("subject", "permission", "resources", "tag"); err != nil {
		return e, err
	}
	if err := o.textIs("tag", ocf.Tag); err != nil {
		return e, err
	}
	e.Tag = ocf.Tag
	permission, err := o.number("permission")
	if err != nil {
		return e, err
	}
	if permission < 1 || permission > ocf.PermissionAll {
		return e, faultf(ReasonBody, "%s is %d, want 1 to %d", o.at("permission"), permission, ocf.PermissionAll)
	}
	e.Permission = int(permission)
	if e.Subject, err = acceptSubject(o); err != nil {
		return e, err
	}
	e.Resources, err = acceptResources(o)
	return e, err
}

// acceptSubject reads whom an entry lets in: a UUID, or whoever connects without credentials.
func acceptSubject(o object) (ocf.ACESubject, error) {
	s, err := o.object("subject")
	if err != nil {
		return ocf.ACESubject{}, err
	}
	if err := s.only("uuid", "conntype"); err != nil {
		return ocf.ACESubject{}, err
	}
	if s.has("uuid") == s.has("conntype") {
		return ocf.ACESubject{}, faultf(ReasonBody, "%s needs uuid or conntype, one of them", s.path)
	}
	if s.has("uuid") {
		id, err := s.uuid("uuid")
		return ocf.ACESubject{UUID: id}, err
	}
	return ocf.ACESubject{ConnectionType: ocf.ConnectionAnonymous}, s.textIs("conntype", ocf.ConnectionAnonymous)
}

func acceptResources(o object) ([]ocf.ACEResource, error) {
	items, err := o.list("resources")
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, faultf(ReasonBody, "%s is empty", o.at("resources"))
	}
	out := make([]ocf.ACEResource, 0, len(items))
	for _, item := range items {
		res, err := acceptResource(item)
		if err != nil {
			return nil, err
		}
		out = append(out, res)
	}
	return out, nil
}

// acceptResource reads one href or the wildcard, with every interface.
func acceptResource(o object) (ocf.ACEResource, error) {
	var res ocf.ACEResource
	if err := o.only("href", "wc", "if"); err != nil {
		return res, err
	}
	if o.has("href") == o.has("wc") {
		return res, faultf(ReasonBody, "%s needs href or wc, one of them", o.path)
	}
	if err := acceptInterfaces(o); err != nil {
		return res, err
	}
	res.Interfaces = []string{"*"}
	if o.has("wc") {
		res.Wildcard = "*"
		return res, o.textIs("wc", "*")
	}
	href, err := o.text("href")
	if err == nil && !strings.HasPrefix(href, "/") {
		err = faultf(ReasonBody, "%s is %q, want a path from the root", o.at("href"), href)
	}
	res.Href = href
	return res, err
}

func acceptInterfaces(o object) error {
	list, ok := o.fields["if"].([]any)
	if !ok || len(list) != 1 || list[0] != "*" {
		return faultf(ReasonBody, `%s is not ["*"]`, o.at("if"))
	}
	return nil
}

// names tells whether an entry is for the subject.
func names(entries []ocf.ACE, uuid string) bool {
	for _, e := range entries {
		if e.Subject.UUID == uuid {
			return true
		}
	}
	return false
}
