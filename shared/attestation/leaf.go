package attestation

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"
	"time"
)

// The extensions that are looked for by their identifiers (RFC 5280 §4.2.1).
func oidKeyUsage() asn1.ObjectIdentifier    { return asn1.ObjectIdentifier{2, 5, 29, 15} }
func oidExtKeyUsage() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 5, 29, 37} }

func hasExtension(c *x509.Certificate, oid asn1.ObjectIdentifier) bool {
	for _, e := range c.Extensions {
		if e.Id.Equal(oid) {
			return true
		}
	}
	return false
}

// checkLeafUsage checks what the leaf is for, before any signature is verified. Leaves without either extension exist in
// the field and pass (PROTOCOL §1); one that has an extension means it.
func checkLeafUsage(leaf *x509.Certificate) *Refusal {
	if hasExtension(leaf, oidKeyUsage()) && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return refuse(RuleKeyUsage, "leaf %s: its key usage lacks digitalSignature, which a client's handshake needs", nameOf(leaf))
	}
	if hasExtension(leaf, oidExtKeyUsage()) && !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth) && !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny) {
		return refuse(RuleEKU, "leaf %s: its extended key usage lacks clientAuth", nameOf(leaf))
	}
	return nil
}

// checkLeafValidity checks the leaf's validity period, both ends included (RFC 5280 §4.1.2.5).
func checkLeafValidity(now time.Time, leaf *x509.Certificate) *Refusal {
	switch {
	case now.Before(leaf.NotBefore):
		return refuse(RuleNotYetValidLeaf, "leaf %s is valid from %s, it is %s", nameOf(leaf), day(leaf.NotBefore), day(now))
	case now.After(leaf.NotAfter):
		return refuse(RuleExpiredLeaf, "leaf %s was valid until %s, it is %s; expiredCertificateEnabled would forgive it", nameOf(leaf), day(leaf.NotAfter), day(now))
	}
	return nil
}

// timeless gives the leaf with a validity period that holds now, for path building: whether the period matters is the
// group's policy, checked apart. The copy changes no signed byte: signatures are checked over RawTBSCertificate.
func timeless(now time.Time, leaf *x509.Certificate) *x509.Certificate {
	c := *leaf
	c.NotBefore, c.NotAfter = now, now
	return &c
}
