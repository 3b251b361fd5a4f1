package device

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/x509"
	"slices"
	"strings"
	"time"

	"dps/shared/pki"
)

// identityCheck is what the device demands of its identity certificate (PROTOCOL §3).
type identityCheck struct {
	deviceID     string
	key          *ecdsa.PublicKey
	roots        *x509.CertPool
	now          time.Time
	minRemaining time.Duration
}

// verify checks key, name, usages, validity period and chain. Errors: ReasonIdentity.
func (k identityCheck) verify(chain []*x509.Certificate) error {
	leaf := chain[0]
	if !sameKey(leaf, k.key) {
		return faultf(ReasonIdentity, "its key is not the one of the signing request")
	}
	if want := "uuid:" + k.deviceID; !strings.Contains(strings.ToLower(leaf.Subject.CommonName), want) {
		return faultf(ReasonIdentity, "common name is %q, want %q", leaf.Subject.CommonName, want)
	}
	if err := verifyUsages(leaf); err != nil {
		return err
	}
	if err := k.verifyPeriod(leaf); err != nil {
		return err
	}
	return k.verifyChain(leaf, chain[1:])
}

func verifyUsages(leaf *x509.Certificate) error {
	switch {
	case leaf.IsCA:
		return faultf(ReasonIdentity, "it is a certificate authority")
	case !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth):
		return faultf(ReasonIdentity, "extended key usage serverAuth is missing")
	case !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth):
		return faultf(ReasonIdentity, "extended key usage clientAuth is missing")
	}
	for _, oid := range leaf.UnknownExtKeyUsage {
		if oid.Equal(pki.OIDIdentity) {
			return nil
		}
	}
	return faultf(ReasonIdentity, "extended key usage %v is missing", pki.OIDIdentity)
}

// verifyPeriod rejects what is not valid yet, and what expires so soon that the device would renew it at once.
func (k identityCheck) verifyPeriod(leaf *x509.Certificate) error {
	if k.now.Before(leaf.NotBefore) {
		return faultf(ReasonIdentity, "not valid before %s, the service's time is %s", stamp(leaf.NotBefore), stamp(k.now))
	}
	if leaf.NotAfter.Before(k.now.Add(k.minRemaining)) {
		return faultf(ReasonIdentity, "expires %s, within %v of the service's time %s", stamp(leaf.NotAfter), k.minRemaining, stamp(k.now))
	}
	return nil
}

func (k identityCheck) verifyChain(leaf *x509.Certificate, above []*x509.Certificate) error {
	intermediates := x509.NewCertPool()
	for _, c := range above {
		if bytes.Equal(c.RawIssuer, c.RawSubject) {
			return faultf(ReasonIdentity, "the chain carries its root %q", c.Subject.String())
		}
		intermediates.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: k.roots, Intermediates: intermediates, CurrentTime: k.now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return faultf(ReasonIdentity, "chain to a trust anchor of the owner: %w", err)
	}
	return nil
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// sameKey tells whether the certificate is for the device's key.
func sameKey(c *x509.Certificate, key *ecdsa.PublicKey) bool {
	pub, ok := c.PublicKey.(*ecdsa.PublicKey)
	return ok && pub.Equal(key)
}
