package rest

import (
	"slices"

	"dps/functions/api/rest/plgd"
	"dps/shared/dps"
)

func wireGroup(g dps.EnrollmentGroup) any { return plgd.GroupOf(g) }

func groupID(g dps.EnrollmentGroup) string { return g.ID }

func (a *api) listGroups(x *exchange) (answer, error) {
	keep, err := a.groupFilter(x)
	if err != nil {
		return answer{}, err
	}
	return answerList(x, a.groups().candidates(x), groupID, keep, wireGroup)
}

func (a *api) deleteGroups(x *exchange) (answer, error) {
	keep, err := a.groupFilter(x)
	if err != nil {
		return answer{}, err
	}
	return removeAll(x, a, a.groups(), keep, anybody)
}

func (a *api) groupFilter(x *exchange) (filter[dps.EnrollmentGroup], error) {
	filters := in(x.query.all("idFilter"), func(g dps.EnrollmentGroup) []string { return []string{g.ID} })
	hubs, err := a.hubEntries(x, x.query.all("hubIdFilter"))
	if err != nil {
		return nil, err
	}
	filters = append(filters, in(hubs, func(g dps.EnrollmentGroup) []string { return g.HubIDs })...)
	filters = append(filters, in(x.query.all("attestationMechanismX509CertificateNames"), certificateNames)...)
	return combine(x.dialect, filters), nil
}

// certificateNames are the common names in a group's chain, and the one it says leads.
func certificateNames(g dps.EnrollmentGroup) []string {
	names := []string{g.X509.LeadCertificateName}
	chain, err := g.X509.Certificates()
	if err != nil { // none that could be stored
		return names
	}
	for _, c := range chain {
		names = append(names, c.Subject.CommonName)
	}
	return slices.DeleteFunc(names, func(n string) bool { return n == "" })
}

func (a *api) getGroup(x *exchange) (answer, error) { return fetched(x, a.groups()) }

func (a *api) createGroup(x *exchange) (answer, error) {
	var sent plgd.Group
	if err := x.decode(&sent); err != nil {
		return answer{}, err
	}
	if err := sameID(x, sent.ID, sent.Owner); err != nil {
		return answer{}, err
	}
	g, err := a.groupFrom(x, sent, dps.EnrollmentGroup{ID: dps.NewUUID(), Owner: x.owner()})
	if err != nil {
		return answer{}, err
	}
	stored, err := create(x.ctx(), a, a.groups(), g)
	if err != nil {
		return answer{}, err
	}
	return made(x, a.groups(), stored), nil
}

func (a *api) putGroup(x *exchange) (answer, error) {
	var sent plgd.Group
	if err := x.decode(&sent); err != nil {
		return answer{}, err
	}
	return a.alterGroup(x, func(old dps.EnrollmentGroup) (dps.EnrollmentGroup, error) { return a.groupFrom(x, sent, old) }, sent.ID, sent.Owner)
}

func (a *api) patchGroup(x *exchange) (answer, error) {
	patch, err := x.body(mediaPatch, mediaJSON)
	if err != nil {
		return answer{}, err
	}
	return a.alterGroup(x, func(old dps.EnrollmentGroup) (dps.EnrollmentGroup, error) {
		var sent plgd.Group
		if err := patched(wireGroup(old), patch, &sent); err != nil {
			return old, err
		}
		if err := sameID(x, sent.ID, sent.Owner); err != nil {
			return old, err
		}
		return a.groupFrom(x, sent, old)
	}, "", "")
}

func (a *api) alterGroup(x *exchange, alter func(dps.EnrollmentGroup) (dps.EnrollmentGroup, error), id, owner string) (answer, error) {
	if err := sameID(x, id, owner); err != nil {
		return answer{}, err
	}
	stored, err := update(x, a, a.groups(), x.id(), alter)
	if err != nil {
		return answer{}, err
	}
	return one(a.groups(), stored), nil
}

func (a *api) deleteGroup(x *exchange) (answer, error) { return removeOne(x, a, a.groups(), anybody) }

// groupFrom gives old as the client would have it: hubs found, possession asked for where the lead certificate is new.
func (a *api) groupFrom(x *exchange, sent plgd.Group, old dps.EnrollmentGroup) (dps.EnrollmentGroup, error) {
	now, err := sent.Onto(old, x.dialect.extended)
	if err != nil {
		return old, err
	}
	if err := a.nameHubs(x, old, &now); err != nil {
		return old, err
	}
	return now, a.askForProof(old, &now)
}
