package rest

import (
	"slices"

	"dps/functions/api/rest/plgd"
	"dps/shared/dps"
)

func wireHub(h dps.Hub) any { return plgd.HubOf(h) }

func hubEntryID(h dps.Hub) string { return h.ID }

func (a *api) listHubs(x *exchange) (answer, error) {
	return answerList(x, a.hubs().candidates(x), hubEntryID, hubFilter(x), wireHub)
}

func (a *api) deleteHubs(x *exchange) (answer, error) {
	allowed, err := a.unnamed(x)
	if err != nil {
		return answer{}, err
	}
	return removeAll(x, a, a.hubs(), hubFilter(x), allowed)
}

func hubFilter(x *exchange) filter[dps.Hub] {
	var wanted []string
	for _, name := range x.query.all("hubIdFilter") {
		if id, ok := dps.ParseUUID(name); ok {
			name = id
		}
		wanted = append(wanted, name)
	}
	filters := in(x.query.all("idFilter"), func(h dps.Hub) []string { return []string{h.ID} })
	return combine(x.dialect, append(filters, in(wanted, func(h dps.Hub) []string { return []string{h.HubID} })...))
}

func (a *api) getHub(x *exchange) (answer, error) { return fetched(x, a.hubs()) }

func (a *api) createHub(x *exchange) (answer, error) {
	var sent plgd.Hub
	if err := x.decode(&sent); err != nil {
		return answer{}, err
	}
	if err := sameID(x, sent.ID, sent.Owner); err != nil {
		return answer{}, err
	}
	h, err := sent.Onto(dps.Hub{ID: dps.NewUUID(), Owner: x.owner()}, x.dialect.extended)
	if err != nil {
		return answer{}, err
	}
	stored, err := create(x.ctx(), a, a.hubs(), h)
	if err != nil {
		return answer{}, err
	}
	return made(x, a.hubs(), stored), nil
}

func (a *api) putHub(x *exchange) (answer, error) {
	var sent plgd.Hub
	if err := x.decode(&sent); err != nil {
		return answer{}, err
	}
	return a.alterHub(x, func(dps.Hub) (plgd.Hub, error) { return sent, nil })
}

func (a *api) patchHub(x *exchange) (answer, error) {
	patch, err := x.body(mediaPatch, mediaJSON)
	if err != nil {
		return answer{}, err
	}
	return a.alterHub(x, func(old dps.Hub) (sent plgd.Hub, err error) { return sent, patched(wireHub(old), patch, &sent) })
}

func (a *api) alterHub(x *exchange, wanted func(old dps.Hub) (plgd.Hub, error)) (answer, error) {
	stored, err := update(x, a, a.hubs(), x.id(), func(old dps.Hub) (dps.Hub, error) {
		sent, err := wanted(old)
		if err == nil {
			err = sameID(x, sent.ID, sent.Owner)
		}
		if err != nil {
			return old, err
		}
		return sent.Onto(old, x.dialect.extended)
	})
	if err != nil {
		return answer{}, err
	}
	return one(a.hubs(), stored), nil
}

func (a *api) deleteHub(x *exchange) (answer, error) {
	allowed, err := a.unnamed(x)
	if err != nil {
		return answer{}, err
	}
	return removeOne(x, a, a.hubs(), allowed)
}

// unnamed refuses new clients the deletion of a hub that groups still name: their devices would lose it without a word. plgd
// allows it.
func (a *api) unnamed(x *exchange) (func(dps.Hub) error, error) {
	if !x.dialect.extended {
		return anybody[dps.Hub], nil
	}
	named := make(map[string][]string)
	err := a.groups().ofOwner(x.owner()).each(x.ctx(), func(g dps.EnrollmentGroup) error {
		for _, id := range g.HubIDs {
			named[id] = append(named[id], g.ID)
		}
		return nil
	})
	return func(h dps.Hub) error {
		if groups := named[h.ID]; len(groups) > 0 {
			slices.Sort(groups)
			return dps.Errorf(dps.CodeConflict, "hub %s is named by the enrollment groups %v: take it out of them first", h.ID, groups[:min(len(groups), 10)])
		}
		return nil
	}, err
}
