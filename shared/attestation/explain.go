package attestation

import (
	"bytes"
	"crypto/x509"
	"errors"
	"slices"
	"time"
)

// maxExplainChecks bounds the signature checks that are spent on finding the words for one refusal, over all groups.
const maxExplainChecks = 8

// explainer finds the words. It is made for one refusal.
type explainer struct {
	now    time.Time
	chain  []*x509.Certificate
	checks int // signature checks that are left
}

// explain turns an error of path building in group g into the most helpful refusal.
func (x *explainer) explain(g *Group, err error) *Refusal {
	var refusal *Refusal
	var invalid x509.CertificateInvalidError
	var critical x509.UnhandledCriticalExtension
	switch {
	case errors.As(err, &refusal):
		return refusal
	case errors.As(err, &critical):
		return explainCritical(append(x.chain[:1:1], g.pool(x.chain[1:])...))
	case errors.As(err, &invalid):
		return explainInvalid(x.now, invalid)
	}
	if r := x.climb(g); r != nil {
		return r
	}
	return refuse(RuleUntrustedPath, "no path from %s to the group's anchors: %s", nameOf(x.chain[0]), quote(err.Error()))
}

func explainCritical(certs []*x509.Certificate) *Refusal {
	for _, c := range certs {
		if len(c.UnhandledCriticalExtensions) > 0 {
			return refuse(RuleCriticalExtension, "%s has the critical extension %s, which is not understood", nameOf(c), c.UnhandledCriticalExtensions[0])
		}
	}
	return refuse(RuleCriticalExtension, "a certificate has a critical extension that is not understood")
}

func explainInvalid(now time.Time, e x509.CertificateInvalidError) *Refusal {
	switch e.Reason {
	case x509.Expired:
		return explainPeriod(now, e.Cert)
	case x509.NotAuthorizedToSign:
		return refuse(RuleNotAnAuthority, "%s may not issue certificates", nameOf(e.Cert))
	case x509.TooManyIntermediates:
		return refuse(RulePathTooLong, "%s allows fewer authorities below it (path length constraint)", nameOf(e.Cert))
	case x509.CANotAuthorizedForThisName, x509.TooManyConstraints, x509.UnconstrainedName, x509.NameConstraintsWithoutSANs:
		return refuse(RuleNameConstraints, "%s: %s", nameOf(e.Cert), quote(e.Error()))
	case x509.IncompatibleUsage:
		return refuse(RuleEKU, "an authority above %s does not issue for client authentication", nameOf(e.Cert))
	case x509.NoValidChains:
		return refuse(RulePolicy, "%s: %s", nameOf(e.Cert), quote(e.Error()))
	default:
		return refuse(RuleUntrustedPath, "%s: %s", nameOf(e.Cert), quote(e.Error()))
	}
}

func explainPeriod(now time.Time, c *x509.Certificate) *Refusal {
	if now.Before(c.NotBefore) {
		return refuse(RuleNotYetValidAuthority, "authority %s is valid from %s, it is %s", nameOf(c), day(c.NotBefore), day(now))
	}
	return refuse(RuleExpiredAuthority, "authority %s was valid until %s, it is %s", nameOf(c), day(c.NotAfter), day(now))
}

// climb walks up from the leaf by verified signatures and says where it ends; nil where it finds no fault.
func (x *explainer) climb(g *Group) *Refusal {
	pool, at := g.pool(x.chain[1:]), x.chain[0]
	for range pool {
		if slices.ContainsFunc(g.roots, at.Equal) {
			return nil
		}
		next, fault := x.climbOne(at, pool)
		if next == nil {
			return fault
		}
		at = next
	}
	return nil
}

// climbOne gives the sound issuer of c, or says what is wrong with the best one.
func (x *explainer) climbOne(c *x509.Certificate, pool []*x509.Certificate) (*x509.Certificate, *Refusal) {
	fault := refuse(RuleUntrustedPath, "issuer %s of %s was not presented and is not in the group's chain", issuerOf(c), nameOf(c))
	if bytes.Equal(c.RawIssuer, c.RawSubject) {
		fault = refuse(RuleUntrustedPath, "the path ends at %s, which is its own issuer and not in the group's chain", nameOf(c))
	}
	for _, parent := range pool {
		if parent.Equal(c) || !bytes.Equal(parent.RawSubject, c.RawIssuer) {
			continue
		}
		if x.checks--; x.checks < 0 {
			break
		}
		r := explainParent(x.now, c, parent)
		if r == nil {
			return parent, nil
		}
		if fault.Rule == RuleUntrustedPath {
			fault = r
		}
	}
	return nil, fault
}

func explainParent(now time.Time, c, parent *x509.Certificate) *Refusal {
	var notCA x509.ConstraintViolationError
	err := c.CheckSignatureFrom(parent)
	switch {
	case errors.As(err, &notCA):
		return refuse(RuleNotAnAuthority, "%s may not issue certificates (basic constraints or key usage)", nameOf(parent))
	case err != nil:
		return refuse(RuleUntrustedPath, "%s names %s as issuer, but is not signed by its key", nameOf(c), nameOf(parent))
	case validity(now, parent) != 1:
		return explainPeriod(now, parent)
	}
	return nil
}
