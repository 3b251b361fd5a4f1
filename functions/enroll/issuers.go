package enroll

import (
	"crypto/sha256"
	"slices"

	"dps/shared/contract"
	"dps/shared/dps"
)

// maxKeyIDLength bounds an authority key id: 64 bytes in hexadecimal. Real ones have 20 or 32 (RFC 5280 §4.2.1.2).
const maxKeyIDLength = 128

// nameHashes checks the issuers and gives each name once: what stands for two keys of one name is looked up once. Errors:
// CodeInvalid, naming the field.
func nameHashes(issuers []contract.Issuer) ([]string, error) {
	if len(issuers) > contract.MaxIssuers {
		return nil, dps.Errorf(dps.CodeInvalid, "issuers: %d of them, at most %d are looked up", len(issuers), contract.MaxIssuers)
	}
	hashes := make([]string, 0, len(issuers))
	for i, issuer := range issuers {
		switch {
		case len(issuer.NameHash) != 2*sha256.Size || !isHex(issuer.NameHash):
			return nil, dps.Errorf(dps.CodeInvalid, "issuers[%d].nameHash: want %d lower-case hexadecimal digits", i, 2*sha256.Size)
		case len(issuer.KeyID) > maxKeyIDLength || !isHex(issuer.KeyID):
			return nil, dps.Errorf(dps.CodeInvalid, "issuers[%d].keyId: want at most %d lower-case hexadecimal digits", i, maxKeyIDLength)
		}
		if !slices.Contains(hashes, issuer.NameHash) {
			hashes = append(hashes, issuer.NameHash)
		}
	}
	return hashes, nil
}

func isHex(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
