package plgd

import (
	"cmp"
	"slices"

	"dps/shared/dps"
)

// GroupOf gives the group as clients see it: its pre-shared key as the reference that it is, its hubs by the names its writer
// uses for them.
func GroupOf(g dps.EnrollmentGroup) Group {
	x := g.X509
	out := Group{
		ID: g.ID, Owner: g.Owner, Name: g.Name, PreSharedKey: g.PreSharedKey.String(),
		Reprovisioning: string(cmp.Or(g.Reprovision, dps.ReprovisionAllow)), Disabled: g.Disabled, Pending: g.Challenge != "", Challenge: g.Challenge, Version: int64(g.Version), //nolint:gosec // no object is changed so often
		AttestationMechanism: &AttestationMechanism{X509: &X509Configuration{
			CertificateChain: PEMOf(x.CertificateChain), LeadCertificateName: x.LeadCertificateName,
			ExpiredCertificateEnabled: x.ExpiredCertificateEnabled, RequireClientAuthEKU: x.RequireClientAuthEKU,
			Allow: listOf(x.Allow), Deny: listOf(x.Deny),
		}},
	}
	for _, c := range x.CRLs {
		out.AttestationMechanism.X509.CRLs = append(out.AttestationMechanism.X509.CRLs, CRL(c))
	}
	for _, id := range g.HubIDs {
		out.HubIDs = append(out.HubIDs, aliasOf(g, id))
	}
	return out
}

func aliasOf(g dps.EnrollmentGroup, id string) string {
	for _, alias := range g.HubAliases {
		if alias.ID == id {
			return alias.As
		}
	}
	return id
}

func listOf(l dps.MatchList) *MatchList {
	if l.IsEmpty() {
		return nil
	}
	return &MatchList{CommonNames: l.CommonNames, Serials: l.Serials, KeyIDs: l.KeyIDs}
}

// Onto gives old as the client would have it. Hubs are as the client names them, and the pre-shared key is whatever it sent:
// both are still to be settled. What plgd's clients cannot say stays as it is, unless extended. Errors: CodeInvalid.
func (g Group) Onto(old dps.EnrollmentGroup, extended bool) (dps.EnrollmentGroup, error) {
	now := old
	now.Name, now.PreSharedKey = g.Name, dps.SecretRef(g.PreSharedKey)
	now.HubIDs = slices.Clone(g.HubIDs)
	var x X509Configuration
	if g.AttestationMechanism != nil && g.AttestationMechanism.X509 != nil {
		x = *g.AttestationMechanism.X509
	}
	chain, err := pemFrom("attestationMechanism.x509.certificateChain", x.CertificateChain, dps.MaxGroupCertificates)
	if err != nil {
		return now, err
	}
	now.X509.CertificateChain, now.X509.LeadCertificateName = chain, x.LeadCertificateName
	now.X509.ExpiredCertificateEnabled = x.ExpiredCertificateEnabled
	if !extended {
		return now, nil
	}
	if now.Reprovision = dps.Reprovisioning(g.Reprovisioning); now.Reprovision == dps.ReprovisionAllow {
		now.Reprovision = ""
	}
	now.Disabled, now.X509.RequireClientAuthEKU = g.Disabled, x.RequireClientAuthEKU
	return now, x.lists(&now.X509)
}
