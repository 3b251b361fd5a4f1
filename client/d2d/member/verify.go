package member

import (
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"slices"
	"strings"
	"time"

	"dps/shared/dps"
)

// Bounds of a certificate chain, and how much of a certificate's life must be left.
const (
	maxChain      = 6
	maxChainBytes = 64 << 10
	minRemaining  = time.Minute
)

func commonNameOID() asn1.ObjectIdentifier { return asn1.ObjectIdentifier{2, 5, 4, 3} }

// identityOID is the extended key usage of an OCF identity (OCF Security 2.2.5 §9.4.2.2).
func identityOID() asn1.ObjectIdentifier {
	return asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 44924, 1, 6}
}

// verifyChain proves that what was signed is this client's identity certificate: for its key, its owner, within the security domain,
// of use for talking to devices, now. It gives leaf first, root last. Errors: CodeInvalid, saying which of it is wrong.
func verifyChain(pem []byte, key *ecdsa.PrivateKey, owner string, roots []*x509.Certificate, now time.Time) ([]*x509.Certificate, error) {
	if len(pem) > maxChainBytes {
		return nil, bad("has %d bytes, at most %d are taken", len(pem), maxChainBytes)
	}
	certificates, err := dps.ParseCertificatesPEM(pem, maxChain)
	if err != nil {
		return nil, dps.Wrap(dps.CodeInvalid, err, "certificate: is not a chain in PEM, leaf first, of at most 6 certificates")
	}
	if err := verifyLeaf(certificates[0], key, owner, now); err != nil {
		return nil, err
	}
	return verifyPath(certificates, roots, now)
}

func verifyLeaf(leaf *x509.Certificate, key *ecdsa.PrivateKey, owner string, now time.Time) error {
	switch {
	case !key.PublicKey.Equal(leaf.PublicKey):
		return bad("is for another key than the request's: it answers another request")
	case !named(leaf, commonName(owner)):
		return bad("has the subject %.200q, want the common name %q alone: it is another owner's", leaf.Subject.String(), commonName(owner))
	case leaf.IsCA:
		return bad("is one of an authority")
	case leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return bad("has a key usage without digitalSignature")
	case !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth):
		return bad("has an extended key usage without clientAuth")
	case !slices.ContainsFunc(leaf.UnknownExtKeyUsage, identityOID().Equal):
		return bad("has an extended key usage without the OCF identity %s", identityOID())
	case now.Before(leaf.NotBefore):
		return bad("is valid from %s, and here it is %s: see to the clocks", stamp(leaf.NotBefore), stamp(now))
	case leaf.NotAfter.Before(now.Add(minRemaining)):
		return bad("ends at %s, and here it is %s", stamp(leaf.NotAfter), stamp(now))
	}
	return nil
}

// named tells whether the subject has this common name, and no second one.
func named(c *x509.Certificate, want string) bool {
	n := 0
	for _, name := range c.Subject.Names {
		if name.Type.Equal(commonNameOID()) {
			n++
		}
	}
	return n == 1 && strings.EqualFold(c.Subject.CommonName, want)
}

// verifyPath builds the path to a root: to one that is configured, or, where none is, to the one that came along.
func verifyPath(certificates, roots []*x509.Certificate, now time.Time) ([]*x509.Certificate, error) {
	trusted, between := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range roots {
		trusted.AddCert(c)
	}
	for _, c := range certificates[1:] {
		if len(roots) == 0 && dps.IsSelfSigned(c) {
			trusted.AddCert(c)
		} else {
			between.AddCert(c)
		}
	}
	paths, err := certificates[0].Verify(x509.VerifyOptions{
		Roots: trusted, Intermediates: between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	})
	if err != nil {
		what := "does not lead to a root of the security domain (remoteProvisioning.caPool)"
		if len(roots) == 0 {
			what = "does not lead to a root that comes along: have the signing service add it, or set remoteProvisioning.caPool"
		}
		return nil, dps.Wrap(dps.CodeInvalid, err, "certificate: "+what)
	}
	if n := len(paths[0]); n < 2 || n > maxChain {
		return nil, bad("has a path of %d certificates, 2 to %d are taken", n, maxChain)
	}
	return paths[0], nil
}

func bad(format string, args ...any) error {
	return dps.Errorf(dps.CodeInvalid, "certificate: %s", fmt.Sprintf(format, args...))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
