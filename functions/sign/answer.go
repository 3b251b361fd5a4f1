package sign

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"slices"
	"strings"
	"time"

	"dps/shared/dps"
)

// Bounds on an authority's answer.
const (
	maxAnswerSize         = 64 << 10 // bytes of PEM
	maxAnswerCertificates = 10
)

// minRemaining is how long a new certificate must be valid at least: the device refuses one that ends within its limit.
const minRemaining = time.Hour

// identity is an identity certificate that has passed every check, with the authorities above it.
type identity struct {
	leaf    *x509.Certificate
	leafPEM string
	above   *authorities
}

// chainPEM is what the device presents: leaf and intermediates, without the root.
func (i *identity) chainPEM() string { return i.leafPEM + i.above.intermediatesPEM }

// checkAnswer proves that the answer is an identity certificate for the CSR's key and device, with a chain that leads to a
// root. Errors: CodeUnavailable, saying what is wrong with it: the authority is at fault, not the device.
func (h *Handler) checkAnswer(answer []byte, csr signingRequest) (*identity, error) {
	certificates, err := decodeAnswer(answer)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(certificates[0])
	if err != nil {
		return nil, lie(err, "its first certificate cannot be read")
	}
	now := h.now()
	above, err := h.verified.get(certificates[1:], now)
	if err != nil {
		return nil, err
	}
	if err := checkLeaf(leaf, csr, now); err != nil {
		return nil, err
	}
	if err := checkLink(leaf, above.chain[0]); err != nil {
		return nil, err
	}
	return &identity{leaf: leaf, leafPEM: dps.EncodeCertificatesPEM(leaf), above: above}, nil
}

// decodeAnswer takes the certificates out of the PEM: at least a leaf and a root.
func decodeAnswer(answer []byte) ([][]byte, error) {
	if len(answer) > maxAnswerSize {
		return nil, lie(nil, "it has %d bytes, at most %d are taken", len(answer), maxAnswerSize)
	}
	var certificates [][]byte
	for rest := bytes.TrimSpace(answer); len(rest) > 0; {
		var block *pem.Block
		block, rest = pem.Decode(rest)
		switch {
		case block == nil:
			return nil, lie(nil, "it is not PEM throughout")
		case block.Type != "CERTIFICATE":
			return nil, lie(nil, "PEM block %d is not a CERTIFICATE", len(certificates)+1)
		case len(certificates) == maxAnswerCertificates:
			return nil, lie(nil, "it has more than %d certificates", maxAnswerCertificates)
		}
		certificates = append(certificates, block.Bytes)
	}
	switch len(certificates) {
	case 0:
		return nil, lie(nil, "it is empty")
	case 1:
		return nil, lie(nil, "it is one certificate alone: have the authority answer leaf first, then its chain, root last")
	}
	return certificates, nil
}

// checkLeaf holds what the device demands of its identity certificate (PROTOCOL §3).
func checkLeaf(leaf *x509.Certificate, csr signingRequest, now time.Time) error {
	switch {
	case !csr.key.Equal(leaf.PublicKey):
		return lie(nil, "the certificate is for another key than the request's")
	case commonNames(leaf) != 1 || !strings.Contains(strings.ToLower(leaf.Subject.CommonName), subjectPrefix+csr.deviceID):
		return lie(nil, "the certificate's subject is %s, want the common name %s", quote(leaf.Subject.String()), quote(subjectPrefix+csr.deviceID))
	case leaf.IsCA:
		return lie(nil, "the certificate is one of an authority: with it the device could issue others")
	case leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0:
		return lie(nil, "the certificate's key usage lacks digitalSignature: the device could not use it in TLS")
	case !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth):
		return lie(nil, "the certificate's extended key usage lacks serverAuth")
	case !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageClientAuth):
		return lie(nil, "the certificate's extended key usage lacks clientAuth")
	case !slices.ContainsFunc(leaf.UnknownExtKeyUsage, oidIdentity.Equal):
		return lie(nil, "the certificate's extended key usage lacks the OCF identity %s", oidIdentity)
	case now.Before(leaf.NotBefore):
		return lie(nil, "the certificate is valid from %s, it is %s: have the authority backdate it, or check the clocks", stamp(leaf.NotBefore), stamp(now))
	case leaf.NotAfter.Before(now.Add(minRemaining)):
		return lie(nil, "the certificate ends at %s, it is %s: devices refuse one that ends within %s", stamp(leaf.NotAfter), stamp(now), minRemaining)
	case len(leaf.UnhandledCriticalExtensions) > 0:
		return lie(nil, "the certificate has the critical extension %s, which devices do not know", leaf.UnhandledCriticalExtensions[0])
	}
	return nil
}

// commonNames counts them: which of several counts, every library decides differently.
func commonNames(c *x509.Certificate) (n int) {
	for _, name := range c.Subject.Names {
		if name.Type.Equal(oidCommonName) {
			n++
		}
	}
	return n
}

// lie is the error for an answer that is no good.
func lie(cause error, format string, args ...any) error {
	return dps.Wrap(dps.CodeUnavailable, cause, "the certificate authority's answer cannot be used: "+fmt.Sprintf(format, args...))
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func quote(s string) string {
	const longest = 256
	return fmt.Sprintf("%q", s[:min(len(s), longest)])
}
