package rest

import (
	"crypto/subtle"
	"crypto/x509"
	"time"

	"dps/functions/api/rest/plgd"
	"dps/shared/bearer"
	"dps/shared/dps"
)

// Proof is a certificate that shows that its sender holds the key of a group's lead certificate: issued by it, with the
// group's challenge as common name.
type Proof struct {
	Certificate string `json:"certificate" doc:"PEM, as data:;base64,CONTENT or as it is."`
}

// askForProof has a group with a new lead certificate wait until possession is proven; else anybody could wait for another's
// devices with a certificate that everybody may read.
func (a *api) askForProof(old dps.EnrollmentGroup, now *dps.EnrollmentGroup) error {
	if !a.ProofOfPossession {
		now.Challenge = ""
		return nil
	}
	lead, err := leadOf(*now)
	if err != nil {
		return err
	}
	if before, err := leadOf(old); err == nil && dps.CAIdentity(before) == dps.CAIdentity(lead) {
		return nil
	}
	now.Challenge = dps.NewUUID()
	return nil
}

func leadOf(g dps.EnrollmentGroup) (*x509.Certificate, error) {
	chain, err := g.X509.Certificates()
	if err != nil {
		return nil, dps.Errorf(dps.CodeInvalid, "attestationMechanism.x509.certificateChain: %w", err)
	}
	i, err := g.X509.LeadCertificate(chain)
	if err != nil {
		return nil, dps.Errorf(dps.CodeInvalid, "attestationMechanism.x509.%w", err)
	}
	return chain[i], nil
}

// proveGroup takes the challenge certificate.
func (a *api) proveGroup(x *exchange) (answer, error) {
	var sent Proof
	if err := x.decode(&sent); err != nil {
		return answer{}, err
	}
	chain, err := plgd.Certificates("certificate", sent.Certificate, 1)
	if err != nil {
		return answer{}, err
	}
	return a.alterGroup(x, func(g dps.EnrollmentGroup) (dps.EnrollmentGroup, error) {
		if g.Challenge == "" {
			return g, nil
		}
		lead, err := leadOf(g)
		if err != nil {
			return g, err
		}
		if err := proves(chain[0], lead, g.Challenge, a.Now()); err != nil {
			return g, err
		}
		g.Challenge = ""
		return g, nil
	}, "", "")
}

func proves(c, lead *x509.Certificate, challenge string, now time.Time) error {
	switch {
	case subtle.ConstantTimeCompare([]byte(c.Subject.CommonName), []byte(challenge)) != 1:
		return dps.Errorf(dps.CodeInvalid, "certificate: its common name is not the group's challenge %s", challenge)
	case now.Before(c.NotBefore.Add(-bearer.Leeway)) || now.After(c.NotAfter):
		return dps.Errorf(dps.CodeInvalid, "certificate: is not valid now")
	}
	if err := c.CheckSignatureFrom(lead); err != nil {
		return dps.Wrap(dps.CodeInvalid, err, "certificate: is not issued by the group's lead certificate")
	}
	return nil
}

// vouchGroup is for an administrator who knows whose the certificate is.
func (a *api) vouchGroup(x *exchange) (answer, error) {
	return a.alterGroup(x, func(g dps.EnrollmentGroup) (dps.EnrollmentGroup, error) {
		g.Challenge = ""
		return g, nil
	}, "", "")
}
