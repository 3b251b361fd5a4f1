package attestation

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/binary"
	"hash"
	"slices"
	"time"
)

// maxTrunks bounds what a group remembers. A manufacturer has few issuing authorities; a stranger adds none, because only
// chains that verified are remembered.
const maxTrunks = 32

// trunk is what all devices of one issuing authority share: every verified path from their issuer to an anchor. With it a
// leaf costs one signature check, whatever the length of its path.
type trunk struct {
	issuers *x509.CertPool
	paths   [][]*x509.Certificate // issuer … anchor
}

// trunkKey names everything but the leaf's own content that path building depends on: the certificates presented above it,
// in their order, the issuer name and key id by which candidates are chosen and ordered, and for each certificate
// whether it is not yet, now, or no longer valid. The group's own certificates are fixed: the memory is the group's.
type trunkKey [sha256.Size]byte

// verify gives what build gives, from memory where that is provably the same.
//
// crypto/x509 builds upwards from the leaf and then checks each whole path. Where isShareable holds, the two ways in which
// one leaf's paths can differ from another's of the same key are closed: the search takes the same turns (same candidates
// in the same order, the same signature key above the leaf, no certificate taken for the leaf itself), and none of
// the whole-path checks looks through to the leaf, except extended key usage, which is asked for one usage and so
// holds certificate by certificate. The leaf itself, its signature and its issuer are verified every time.
func (g *Group) verify(now time.Time, leaf *x509.Certificate, presented []*x509.Certificate) ([][]*x509.Certificate, error) {
	if !g.isShareable(leaf, presented) {
		return g.build(now, leaf, presented)
	}
	key := g.trunkKey(now, leaf, presented)
	if t, ok := g.trunks.Get(key); ok {
		if paths := t.extend(now, leaf); len(paths) > 0 {
			return paths, nil
		}
	}
	paths, err := g.build(now, leaf, presented)
	if err == nil {
		g.trunks.Add(key, newTrunk(paths))
	}
	return paths, err
}

// isShareable tells whether the paths above the leaf are those of every leaf with the same trunkKey.
func (g *Group) isShareable(leaf *x509.Certificate, presented []*x509.Certificate) bool {
	if !g.unconstrained || !isUnconstrained(leaf) || !allUnconstrained(presented) {
		return false
	}
	var issuer *x509.Certificate
	for _, c := range g.pool(presented) {
		if bytes.Equal(c.RawSubject, leaf.RawSubject) {
			return false
		}
		if !bytes.Equal(c.RawSubject, leaf.RawIssuer) {
			continue
		}
		if issuer != nil && !bytes.Equal(c.RawSubjectPublicKeyInfo, issuer.RawSubjectPublicKeyInfo) {
			return false
		}
		issuer = c
	}
	return issuer != nil
}

func allUnconstrained(certs []*x509.Certificate) bool {
	for _, c := range certs {
		if !isUnconstrained(c) {
			return false
		}
	}
	return true
}

// isUnconstrained tells whether a certificate has none of the extensions that limit others on its path: name constraints,
// policy mappings, policy constraints, inhibitAnyPolicy (RFC 5280 §4.2.1.10, .5, .11, .14). Without them, policies
// alone refuse nobody.
func isUnconstrained(c *x509.Certificate) bool {
	for _, e := range c.Extensions {
		if len(e.Id) == 4 && e.Id[:3].Equal(asn1.ObjectIdentifier{2, 5, 29}) {
			switch e.Id[3] {
			case 30, 33, 36, 54:
				return false
			}
		}
	}
	return true
}

func (g *Group) trunkKey(now time.Time, leaf *x509.Certificate, presented []*x509.Certificate) trunkKey {
	h := sha256.New()
	for _, c := range presented {
		hashField(h, c.Raw)
	}
	hashField(h, leaf.RawIssuer)
	hashField(h, leaf.AuthorityKeyId)
	pool := g.pool(presented)
	states := make([]byte, 0, len(pool))
	for _, c := range pool {
		states = append(states, validity(now, c))
	}
	hashField(h, states)
	return trunkKey(h.Sum(nil))
}

// hashField writes the length before the content, so that no two lists of fields look the same.
func hashField(h hash.Hash, field []byte) {
	var length [8]byte
	binary.BigEndian.PutUint64(length[:], uint64(len(field)))
	h.Write(length[:])
	h.Write(field)
}

// validity is 0 before a certificate's validity period, 1 in it, 2 after it.
func validity(now time.Time, c *x509.Certificate) byte {
	switch {
	case now.Before(c.NotBefore):
		return 0
	case now.After(c.NotAfter):
		return 2
	default:
		return 1
	}
}

func newTrunk(paths [][]*x509.Certificate) *trunk {
	t := &trunk{issuers: x509.NewCertPool()}
	for _, p := range paths {
		t.issuers.AddCert(p[1])
		t.paths = append(t.paths, slices.Clone(p[1:]))
	}
	return t
}

// extend verifies the leaf under the trunk's issuers and gives its whole paths; none where it does not verify.
func (t *trunk) extend(now time.Time, leaf *x509.Certificate) [][]*x509.Certificate {
	stumps, err := leaf.Verify(x509.VerifyOptions{Roots: t.issuers, Intermediates: x509.NewCertPool(), CurrentTime: now, KeyUsages: clientAuth()})
	if err != nil {
		return nil
	}
	paths := make([][]*x509.Certificate, 0, len(t.paths))
	for _, stump := range stumps {
		for _, p := range t.paths {
			if p[0].Equal(stump[1]) {
				paths = append(paths, append(stump[:1:1], p...))
			}
		}
	}
	return paths
}
