package attestation

import (
	"crypto/x509"
	"encoding/hex"
	"slices"

	"dps/shared/contract"
	"dps/shared/dps"
)

// maxKeyID is the longest authority key id that is passed on, in bytes. Real ones have 20 (RFC 5280 §4.2.1.2) or 32; it is a
// hint only, and a stranger's need not travel.
const maxKeyID = 64

// Issuers names the issuers of a presented chain's certificates, leaf-most first, each once: what groups are looked up by.
// It reads the first MaxCertificates and proves nothing.
func Issuers(chain []*x509.Certificate) []contract.Issuer {
	chain = chain[:min(len(chain), MaxCertificates)]
	issuers := make([]contract.Issuer, 0, len(chain))
	for _, c := range chain {
		i := contract.Issuer{NameHash: dps.NameHash(c.RawIssuer)}
		if len(c.AuthorityKeyId) <= maxKeyID {
			i.KeyID = hex.EncodeToString(c.AuthorityKeyId)
		}
		if !slices.Contains(issuers, i) {
			issuers = append(issuers, i)
		}
	}
	return issuers
}
