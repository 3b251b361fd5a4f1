package device

import (
	"crypto/x509"
	"slices"
	"time"
)

// maxServerChain bounds the certificates of a server: what is longer has not been met and costs the device memory.
const maxServerChain = 8

// verifyServer checks a server's chain as the device does: up to its trust anchors, EKU serverAuth if an EKU is present, and
// the validity period; never the host name (PROTOCOL §1). Errors: ReasonServerCertificate.
func verifyServer(chain []*x509.Certificate, roots *x509.CertPool, now time.Time) error {
	if len(chain) == 0 || len(chain) > maxServerChain {
		return faultf(ReasonServerCertificate, "chain of %d certificates, want 1 to %d", len(chain), maxServerChain)
	}
	leaf, intermediates := chain[0], x509.NewCertPool()
	for _, c := range chain[1:] {
		intermediates.AddCert(c)
	}
	_, err := leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: intermediates, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	if err != nil {
		return faultf(ReasonServerCertificate, "%q: %w", leaf.Subject.String(), err)
	}
	hasEKU := len(leaf.ExtKeyUsage)+len(leaf.UnknownExtKeyUsage) > 0
	if hasEKU && !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageServerAuth) && !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny) {
		return faultf(ReasonServerCertificate, "%q has extended key usages without serverAuth", leaf.Subject.String())
	}
	return nil
}

// parseChain parses what DTLS gives as bytes. Errors: ReasonServerCertificate.
func parseChain(raw [][]byte) ([]*x509.Certificate, error) {
	chain := make([]*x509.Certificate, 0, len(raw))
	for _, der := range raw {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, faultf(ReasonServerCertificate, "%w", err)
		}
		chain = append(chain, c)
	}
	return chain, nil
}
