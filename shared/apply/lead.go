package apply

import (
	"context"
	"crypto/x509"
	"strings"

	"dps/shared/dps"
)

// Lead gives the certificate by which the group's devices are recognized; ok is false where the group's chain has none.
func Lead(g dps.EnrollmentGroup) (lead *x509.Certificate, ok bool) {
	chain, err := g.X509.Certificates()
	if err != nil {
		return nil, false
	}
	i, err := g.X509.LeadCertificate(chain)
	if err != nil {
		return nil, false
	}
	return chain[i], true
}

// clash says in words that two groups claim one lead certificate.
func clash(code dps.Code, id string, lead *x509.Certificate, others ...string) error {
	noun := "group "
	if len(others) > 1 {
		noun = "groups "
	}
	return dps.Errorf(code, "group %s: its lead certificate %q is that of %s already: each certificate authority may lead one group only; "+
		"set leadCertificateName to another certificate of the chain, or remove the other group", id, lead.Subject.String(), noun+strings.Join(others, ", "))
}

// leadHolders gives the other groups that have g's lead certificate, by CAIdentity.
func leadHolders(ctx context.Context, stores dps.GroupStore, g dps.EnrollmentGroup) (lead *x509.Certificate, ids []string, err error) {
	lead, ok := Lead(g)
	if !ok {
		return nil, nil, nil
	}
	candidates, err := stores.GroupsByCA(ctx, dps.NameHash(lead.RawSubject))
	if err != nil {
		return nil, nil, err
	}
	for _, other := range candidates {
		theirs, ok := Lead(other)
		if ok && other.ID != g.ID && dps.CAIdentity(theirs) == dps.CAIdentity(lead) {
			ids = append(ids, other.ID)
		}
	}
	return lead, ids, nil
}
