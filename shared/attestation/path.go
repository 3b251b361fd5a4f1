package attestation

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"slices"
	"time"

	"dps/shared/dps"
)

// path is one way from the leaf to an anchor of a group, with the group's lead certificate on it.
type path struct {
	group     *Group
	certs     []*x509.Certificate // leaf … anchor
	lead      int                 // index in certs, at least 1: nobody is his own authority
	presented int                 // how many of certs[1:] the peer presented
}

// build finds every path from the leaf to an anchor, by crypto/x509. Its work is bounded: crypto/x509 makes at most 100
// signature checks, and only authorities that the group's own signed can make it branch. Loops end, because no authority is
// taken twice.
func (g *Group) build(now time.Time, leaf *x509.Certificate, presented []*x509.Certificate) ([][]*x509.Certificate, error) {
	intermediates := g.intermediates
	if below := g.vouched(presented); len(below) > 0 {
		intermediates = intermediates.Clone()
		for _, c := range below {
			intermediates.AddCert(c)
		}
	}
	return leaf.Verify(x509.VerifyOptions{
		Roots:         g.anchors,
		Intermediates: intermediates,
		CurrentTime:   now,
		KeyUsages:     clientAuth(),
	})
}

func clientAuth() []x509.ExtKeyUsage { return []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth} }

// find gives the group's paths for a chain whose names fit. leaf is chain[0] without its validity period. Errors: of
// crypto/x509 where there is no path; *Refusal where there are paths and none will do.
func (g *Group) find(now time.Time, leaf *x509.Certificate, chain []*x509.Certificate) ([]path, error) {
	built, err := g.verify(now, leaf, chain[1:])
	if err != nil {
		return nil, err
	}
	var good []path
	var first *Refusal
	for _, certs := range built {
		certs[0] = chain[0]
		lead, r := g.inspect(certs)
		if r != nil {
			first = cmp.Or(first, r)
			continue
		}
		good = append(good, path{group: g, certs: certs, lead: lead, presented: countPresented(certs[1:], chain[1:])})
	}
	if len(good) == 0 {
		return nil, first
	}
	return good, nil
}

// inspect checks what crypto/x509 does not of a path's authorities, and finds the lead certificate among them.
func (g *Group) inspect(certs []*x509.Certificate) (int, *Refusal) {
	lead := 0
	for i, c := range certs[1:] {
		if r := checkStrength(c); r != nil {
			return 0, r
		}
		if bytes.Equal(c.RawSubject, emptyName()) {
			return 0, refuse(RuleNotAnAuthority, "an authority above %s has an empty name", nameOf(certs[i]))
		}
		if lead == 0 && bytes.Equal(c.RawSubject, g.leadName) && dps.CAIdentity(c) == g.lead {
			lead = i + 1
		}
	}
	if lead == 0 {
		return 0, refuse(RuleLeadCertificateMissed, "%s leads to %s, but not over the key of lead certificate %s", nameOf(certs[0]), nameOf(certs[len(certs)-1]), quote(g.chain[g.Lead].Subject.String()))
	}
	return lead, nil
}

// emptyName is the DER of a distinguished name without parts, which an authority may not have (RFC 5280 §4.1.2.6).
func emptyName() []byte { return []byte{0x30, 0} }

func countPresented(path, presented []*x509.Certificate) int {
	n := 0
	for _, c := range path {
		if slices.ContainsFunc(presented, c.Equal) {
			n++
		}
	}
	return n
}

// compare orders paths: the leaf-most lead certificate first. What follows decides only between cross-signed authorities,
// and only so that it is always the same: more presented certificates, smaller group id, shorter path, smaller DER.
func (p path) compare(q path) int {
	return cmp.Or(
		cmp.Compare(p.lead, q.lead),
		cmp.Compare(q.presented, p.presented),
		cmp.Compare(p.group.GroupID, q.group.GroupID),
		cmp.Compare(len(p.certs), len(q.certs)),
		slices.CompareFunc(p.certs, q.certs, func(a, b *x509.Certificate) int { return bytes.Compare(a.Raw, b.Raw) }),
	)
}

// admit applies the group's policy to the path. It gives until when the answer holds.
func (p path) admit(now time.Time) (time.Time, *Refusal) {
	leaf, g := p.certs[0], p.group
	if g.Disabled {
		return time.Time{}, refuse(RuleGroupDisabled, "the group is disabled: an operator can enable it")
	}
	if !g.ExpiredCertificateEnabled {
		if r := checkLeafValidity(now, leaf); r != nil {
			return time.Time{}, r
		}
	}
	switch {
	case g.RequireClientAuthEKU && !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth):
		return time.Time{}, refuse(RuleEKU, "leaf %s: the group wants clientAuth in its extended key usage", nameOf(leaf))
	case g.Deny.Matches(leaf):
		return time.Time{}, refuse(RuleDenied, "leaf %s, serial %s, is on the group's deny list", nameOf(leaf), serialOf(leaf))
	case !g.Allow.IsEmpty() && !g.Allow.Matches(leaf):
		return time.Time{}, refuse(RuleNotAllowed, "leaf %s, serial %s, is not on the group's allow list", nameOf(leaf), serialOf(leaf))
	case g.CRLsMissing:
		return time.Time{}, refuse(RuleCRLUnusable, "a revocation list of the group could not be fetched")
	}
	until, r := g.revocations.check(now, p.certs)
	if r != nil {
		return time.Time{}, r
	}
	return p.validUntil(until), nil
}

// validUntil gives the earliest end of a validity period on the path, and of a revocation list's where limit is not zero.
// A leaf whose period is forgiven has no say.
func (p path) validUntil(limit time.Time) time.Time {
	certs := p.certs
	if p.group.ExpiredCertificateEnabled {
		certs = certs[1:]
	}
	for _, c := range certs {
		limit = earlier(limit, c.NotAfter)
	}
	return limit
}

// earlier gives the earlier of two times; a zero time is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

func serialOf(c *x509.Certificate) string { return c.SerialNumber.Text(16) }
