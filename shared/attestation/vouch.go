package attestation

import (
	"bytes"
	"crypto/x509"
	"slices"
)

// vouched gives the presented certificates that stand under the group's own by verified signatures, without those that the
// group has itself. Nothing else can be on a path to an anchor.
//
// A stranger may present authorities of the right name that sign each other: building upwards from the leaf would try all
// their orders. From the anchors down none of them is reached, and each is checked once against each issuer of its name.
func (g *Group) vouched(presented []*x509.Certificate) []*x509.Certificate {
	waiting := slices.DeleteFunc(slices.Clone(presented), func(c *x509.Certificate) bool {
		return slices.ContainsFunc(g.chain, c.Equal)
	})
	issuers := slices.Clone(g.chain)
	for next := 0; next < len(issuers) && len(waiting) > 0; next++ {
		issuer := issuers[next]
		waiting = slices.DeleteFunc(waiting, func(c *x509.Certificate) bool {
			if !bytes.Equal(c.RawIssuer, issuer.RawSubject) || c.CheckSignatureFrom(issuer) != nil {
				return false
			}
			issuers = append(issuers, c)
			return true
		})
	}
	return issuers[len(g.chain):]
}
