package rest

import (
	"slices"

	"dps/shared/contract"
)

// HubTest tells whether devices could use a hub now.
type HubTest struct {
	OK     bool       `json:"ok" doc:"All checks passed."`
	Checks []HubCheck `json:"checks" doc:"What was tried, in that order."`
}

// HubCheck is one thing that was tried.
type HubCheck struct {
	Name       string `json:"name" doc:"token, clientCertificate or authority."`
	OK         bool   `json:"ok"`
	Detail     string `json:"detail" doc:"What was found."`
	Remedy     string `json:"remedy" doc:"What to do where it did not pass."`
	ValidUntil string `json:"validUntil" doc:"RFC 3339, of the token or certificate; empty where none is known."`
}

// testHub tries what devices will need of the hub: a token is obtained and shown to the authority; nothing is signed.
func (a *api) testHub(x *exchange) (answer, error) {
	h, err := a.hubs().load(x.ctx(), x.owner(), x.id())
	if err != nil {
		return answer{}, err
	}
	if a.Owner == nil {
		return answer{}, errNobodySigns
	}
	reply, err := a.Owner.CheckHub(x.ctx(), contract.HubCheckRequest{HubID: h.ID, Owner: x.owner()})
	if err != nil {
		return answer{}, err
	}
	out := HubTest{OK: !slices.ContainsFunc(reply.Checks, func(c contract.HubCheck) bool { return !c.OK })}
	for _, c := range reply.Checks {
		out.Checks = append(out.Checks, HubCheck{Name: c.Name, OK: c.OK, Detail: c.Detail, Remedy: c.Remedy, ValidUntil: stamp(c.ValidUntil)})
	}
	return answer{object: out}, nil
}
