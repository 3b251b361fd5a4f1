package attestation

import (
	"bytes"
	"crypto/x509"

	lru "github.com/hashicorp/golang-lru/v2"

	"dps/shared/contract"
	"dps/shared/dps"
)

// Group is a candidate group made ready for judging: everything parsed and indexed once. It is safe for concurrent use;
// nobody may change the Candidate in it.
type Group struct {
	contract.Candidate

	chain         []*x509.Certificate // as Candidate.Chain
	leadName      []byte              // RawSubject of the lead certificate
	lead          string              // dps.CAIdentity of the lead certificate
	roots         []*x509.Certificate // the trust anchors
	anchors       *x509.CertPool      // of roots
	intermediates *x509.CertPool
	unconstrained bool // no certificate of chain limits those below it, see isUnconstrained
	revocations   revocations
	trunks        *lru.Cache[trunkKey, *trunk]
}

// Prepare parses a candidate. The self-signed certificates of its chain become the trust anchors, or, where it has none,
// every certificate does. Errors: CodeInvalid, naming the certificate at fault. A revocation list that cannot be read is
// no error: the group exists, and refuses everybody with RuleCRLUnusable.
func Prepare(c contract.Candidate) (*Group, error) {
	g := &Group{Candidate: c, unconstrained: true, revocations: indexRevocations(c.CRLs)}
	if err := g.parseChain(); err != nil {
		return nil, err
	}
	if c.Lead < 0 || c.Lead >= len(g.chain) {
		return nil, dps.Errorf(dps.CodeInvalid, "group %q: lead %d is not an index of its chain of %d", c.GroupID, c.Lead, len(g.chain))
	}
	g.leadName, g.lead = g.chain[c.Lead].RawSubject, dps.CAIdentity(g.chain[c.Lead])
	g.sortChain()
	var err error
	if g.trunks, err = lru.New[trunkKey, *trunk](maxTrunks); err != nil {
		return nil, dps.Wrap(dps.CodeInternal, err, "group cannot be prepared")
	}
	return g, nil
}

func (g *Group) parseChain() error {
	if n := len(g.Chain); n == 0 || n > dps.MaxGroupCertificates {
		return dps.Errorf(dps.CodeInvalid, "group %q: chain of %d certificates, want 1 to %d", g.GroupID, n, dps.MaxGroupCertificates)
	}
	for i, der := range g.Chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return dps.Errorf(dps.CodeInvalid, "group %q: certificate %d: %w", g.GroupID, i+1, err)
		}
		if !c.BasicConstraintsValid || !c.IsCA {
			return dps.Errorf(dps.CodeInvalid, "group %q: certificate %d (%s) is not a certificate authority", g.GroupID, i+1, nameOf(c))
		}
		g.chain = append(g.chain, c)
		g.unconstrained = g.unconstrained && isUnconstrained(c)
	}
	return nil
}

// sortChain fills the two pools. A self-signed root is an anchor alone: as an intermediate it leads nowhere, and would double
// the work.
func (g *Group) sortChain() {
	g.anchors, g.intermediates = x509.NewCertPool(), x509.NewCertPool()
	for _, c := range g.chain {
		if dps.IsSelfSigned(c) {
			g.roots = append(g.roots, c)
		} else {
			g.intermediates.AddCert(c)
		}
	}
	if len(g.roots) == 0 {
		g.roots = g.chain
	}
	for _, c := range g.roots {
		g.anchors.AddCert(c)
	}
}

// HasAuthority tells whether a certificate of the group's chain has a subject with this dps.NameHash.
func (g *Group) HasAuthority(nameHash string) bool {
	for _, c := range g.chain {
		if dps.NameHash(c.RawSubject) == nameHash {
			return true
		}
	}
	return false
}

// leadStandsAbove tells, by names alone and at no cost in signatures, whether the lead certificate can be on a path of the
// presented chain. It keeps the groups of a manufacturer's other authorities, of which there may be many, from being tried.
func (g *Group) leadStandsAbove(chain []*x509.Certificate) bool {
	pool := g.pool(chain[1:])
	tried := make([]bool, len(pool))
	wanted := [][]byte{chain[0].RawIssuer}
	for len(wanted) > 0 {
		name := wanted[0]
		wanted = wanted[1:]
		if bytes.Equal(name, g.leadName) {
			return true
		}
		for i, c := range pool {
			if !tried[i] && bytes.Equal(c.RawSubject, name) {
				tried[i] = true
				wanted = append(wanted, c.RawIssuer)
			}
		}
	}
	return false
}

// pool gives what a path may be built of, the leaf excepted: the presented certificates above it, then the group's.
func (g *Group) pool(presented []*x509.Certificate) []*x509.Certificate {
	all := make([]*x509.Certificate, 0, len(presented)+len(g.chain))
	return append(append(all, presented...), g.chain...)
}
