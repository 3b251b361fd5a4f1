package sign

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"dps/shared/dps"
)

// How much is remembered of verified authorities.
const (
	maxVerified    = 256 // a few per hub; the least recently used gives way
	verifiedFor    = time.Hour
	verifiedCounts = "verified_authorities"
)

// authorities are the verified certificates above a leaf, from the one that issued it to the root.
type authorities struct {
	chain            []*x509.Certificate
	intermediatesPEM string
	rootPEM          string
	until            time.Time // verified again then
}

func (a *authorities) root() *x509.Certificate { return a.chain[len(a.chain)-1] }

// verifiedAuthorities remembers what has been verified, so that per device only the leaf's signature is checked. The key is
// a SHA-256 over all certificates: nothing less would prove that they are the same.
type verifiedAuthorities struct {
	byChain *lru.Cache[[sha256.Size]byte, *authorities]
	count   func(name, reason string)
}

func newVerifiedAuthorities(count func(name, reason string)) *verifiedAuthorities {
	byChain, _ := lru.New[[sha256.Size]byte, *authorities](maxVerified) // only a size below 1 is an error
	return &verifiedAuthorities{byChain: byChain, count: count}
}

// get verifies the certificates (DER, the leaf's issuer first, root last). Errors: CodeUnavailable; they are not remembered.
func (v *verifiedAuthorities) get(certificates [][]byte, now time.Time) (*authorities, error) {
	key := chainKey(certificates)
	if a, ok := v.byChain.Get(key); ok && now.Before(a.until) {
		v.count(verifiedCounts, "hit")
		return a, nil
	}
	v.count(verifiedCounts, "miss")
	a, err := verify(certificates, now)
	if err != nil {
		return nil, err
	}
	v.byChain.Add(key, a)
	return a, nil
}

func chainKey(certificates [][]byte) (key [sha256.Size]byte) {
	h := sha256.New()
	var length [8]byte
	for _, der := range certificates {
		binary.BigEndian.PutUint64(length[:], uint64(len(der)))
		h.Write(length[:])
		h.Write(der)
	}
	h.Sum(key[:0])
	return key
}

// verify proves that each certificate is an authority's, valid now, and signed by the next, and the last a root.
func verify(certificates [][]byte, now time.Time) (*authorities, error) {
	a := &authorities{until: now.Add(verifiedFor)}
	for i, der := range certificates {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, lie(err, "its certificate %d cannot be read", i+2)
		}
		if err := checkAuthority(c, i, now); err != nil {
			return nil, err
		}
		if i > 0 {
			if err := checkLink(a.chain[i-1], c); err != nil {
				return nil, err
			}
		}
		if c.NotAfter.Before(a.until) {
			a.until = c.NotAfter
		}
		a.chain = append(a.chain, c)
	}
	if !dps.IsSelfSigned(a.root()) {
		return nil, lie(nil, "its last certificate, %s, is not a self-signed root: have the authority answer leaf first, root last", quote(a.root().Subject.String()))
	}
	last := len(a.chain) - 1
	a.intermediatesPEM = dps.EncodeCertificatesPEM(a.chain[:last]...)
	a.rootPEM = dps.EncodeCertificatesPEM(a.root())
	return a, nil
}

// checkAuthority checks what concerns one authority, with below other authorities between it and the leaf (RFC 5280 §6.1.4).
func checkAuthority(c *x509.Certificate, below int, now time.Time) error {
	name := quote(c.Subject.String())
	switch {
	case !c.BasicConstraintsValid || !c.IsCA:
		return lie(nil, "%s is not a certificate authority", name)
	case c.KeyUsage != 0 && c.KeyUsage&x509.KeyUsageCertSign == 0:
		return lie(nil, "%s may not sign certificates", name)
	case c.MaxPathLen >= 0 && below > c.MaxPathLen:
		return lie(nil, "%s may have at most %d authorities below it, here are %d", name, c.MaxPathLen, below)
	case now.Before(c.NotBefore):
		return lie(nil, "%s is valid from %s, it is %s", name, stamp(c.NotBefore), stamp(now))
	case now.After(c.NotAfter):
		return lie(nil, "%s ended at %s, it is %s", name, stamp(c.NotAfter), stamp(now))
	case len(c.UnhandledCriticalExtensions) > 0:
		return lie(nil, "%s has the critical extension %s, which devices do not know", name, c.UnhandledCriticalExtensions[0])
	}
	return nil
}

// checkLink proves that issuer issued c: by name and by signature.
func checkLink(c, issuer *x509.Certificate) error {
	if !bytes.Equal(c.RawIssuer, issuer.RawSubject) {
		return lie(nil, "%s was issued by %s, but %s follows it", quote(c.Subject.String()), quote(c.Issuer.String()), quote(issuer.Subject.String()))
	}
	if err := c.CheckSignatureFrom(issuer); err != nil {
		return lie(err, "the signature of %s does not verify with the key of %s", quote(c.Subject.String()), quote(issuer.Subject.String()))
	}
	return nil
}
