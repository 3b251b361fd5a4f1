package enroll

import (
	"context"
	"slices"

	"dps/shared/contract"
	"dps/shared/dps"
)

// builder turns the groups of one request into candidates. Hubs are loaded once.
type builder struct {
	*Handler
	hubs map[string]*dps.Hub // nil: there is none
	room int                 // bytes of revocation lists that still fit into the reply
}

// candidate is the group as the ingress needs it; false where it cannot be used, which must not keep the others out.
// Errors: the store's.
func (b *builder) candidate(ctx context.Context, g dps.EnrollmentGroup) (contract.Candidate, bool, error) {
	if g.Challenge != "" { // whoever made it may not be who the certificate belongs to, whose devices it must not keep out
		b.log.InfoContext(ctx, "enrollment group is left out: its lead certificate's key is not proven yet", "group", g.ID)
		return contract.Candidate{}, false, nil
	}
	chain, err := g.X509.Certificates()
	lead := 0
	if err == nil {
		lead, err = g.X509.LeadCertificate(chain)
	}
	if err != nil {
		b.log.ErrorContext(ctx, "enrollment group is left out: its certificate chain cannot be used", "group", g.ID, "error", err)
		return contract.Candidate{}, false, nil
	}
	c := contract.Candidate{
		GroupID: g.ID, Owner: g.Owner, Lead: lead,
		ExpiredCertificateEnabled: g.X509.ExpiredCertificateEnabled, RequireClientAuthEKU: g.X509.RequireClientAuthEKU,
		Allow: g.X509.Allow, Deny: g.X509.Deny, Disabled: g.Disabled,
	}
	for _, certificate := range chain {
		c.Chain = append(c.Chain, certificate.Raw)
	}
	if c.Hubs, err = b.gateways(ctx, g); err != nil {
		return contract.Candidate{}, false, err
	}
	c.CRLs, c.CRLsMissing = b.lists(ctx, g)
	return c, true, nil
}

// gateways gives what a device is told of the group's hubs, in the group's order. A hub that is not there is left out:
// the group's devices can still use the others, and one day it may be back.
func (b *builder) gateways(ctx context.Context, g dps.EnrollmentGroup) ([]contract.HubGateways, error) {
	hubs := make([]contract.HubGateways, 0, len(g.HubIDs))
	seen := make(map[string]bool, len(g.HubIDs))
	for _, id := range g.HubIDs {
		if seen[id] {
			continue
		}
		seen[id] = true
		h, err := b.hub(ctx, id)
		if err != nil {
			return nil, err
		}
		if h == nil || h.Owner != g.Owner {
			b.log.WarnContext(ctx, "hub of an enrollment group is left out: it does not exist, or has another owner", "group", g.ID, "hub", id)
			continue
		}
		hubs = append(hubs, contract.HubGateways{
			ID: h.ID, HubID: h.HubID, ProviderName: h.Authorization.Provider.Name, Gateways: b.wireForm(ctx, h),
		})
	}
	return hubs, nil
}

// hub gives nil where there is none.
func (b *builder) hub(ctx context.Context, id string) (*dps.Hub, error) {
	if h, known := b.hubs[id]; known {
		return h, nil
	}
	h, err := b.store.Hub(ctx, id)
	if dps.CodeOf(err) == dps.CodeNotFound {
		b.hubs[id] = nil
		return nil, nil //nolint:nilnil // the comment says what nil means
	}
	if err != nil {
		return nil, err
	}
	b.hubs[id] = &h
	return &h, nil
}

// wireForm gives the hub's gateways as devices are told them, in order, each once.
func (b *builder) wireForm(ctx context.Context, h *dps.Hub) []string {
	gateways := make([]string, 0, len(h.Gateways))
	for _, g := range h.Gateways {
		uri, err := dps.ParseGateway(g)
		if err != nil {
			b.log.WarnContext(ctx, "gateway of a hub is left out", "hub", h.ID, "error", err)
			continue
		}
		if !slices.Contains(gateways, uri) {
			gateways = append(gateways, uri)
		}
	}
	return gateways
}
