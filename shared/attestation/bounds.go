package attestation

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
)

// Bounds on a presented chain. They hold before any signature is verified and before any group is looked up.
const (
	// MaxCertificates bounds the work of path building, and the lookups a stranger can cause.
	MaxCertificates = 5
	// MaxCertificateSize, in bytes of DER, bounds what is hashed, kept in caches and logged for a stranger.
	MaxCertificateSize = 4 << 10
	// MinRSABits keeps out keys that can be factored.
	MinRSABits = 2048
	// MaxRSABits keeps out keys whose only use is to make each signature check expensive.
	MaxRSABits = 8192
)

// CheckBounds checks what can be checked of a presented chain, leaf first, without knowing any group: number and size of
// certificates, kinds and sizes of keys, signature algorithms. Errors: *Refusal.
func CheckBounds(chain []*x509.Certificate) error {
	if r := checkBounds(chain); r != nil {
		return r
	}
	return nil
}

func checkBounds(chain []*x509.Certificate) *Refusal {
	if len(chain) == 0 {
		return refuse(RuleNoCertificate, "peer presented no certificate")
	}
	if len(chain) > MaxCertificates {
		return refuse(RuleTooManyCertificates, "%d certificates presented, at most %d are taken", len(chain), MaxCertificates)
	}
	for i, c := range chain {
		if c == nil || len(c.Raw) == 0 {
			return refuse(RuleNoCertificate, "certificate %d has no DER form", i+1)
		}
		if len(c.Raw) > MaxCertificateSize {
			return refuse(RuleCertificateTooLarge, "certificate %d has %d bytes, at most %d are taken", i+1, len(c.Raw), MaxCertificateSize)
		}
	}
	for _, c := range chain {
		if r := checkStrength(c); r != nil {
			return r
		}
	}
	return nil
}

// checkStrength refuses keys and signatures that no longer prove anything. It holds for every presented certificate and
// for every certificate of a path, trust anchors included.
func checkStrength(c *x509.Certificate) *Refusal {
	if reason := weakness(c.PublicKey); reason != "" {
		return refuse(RuleKeyTooWeak, "certificate %s: %s", nameOf(c), reason)
	}
	if !strongSignature(c.SignatureAlgorithm) {
		return refuse(RuleSignatureTooWeak, "certificate %s: signed with %s, wanted is ECDSA or RSA with SHA-256, SHA-384 or SHA-512", nameOf(c), c.SignatureAlgorithm)
	}
	return nil
}

// weakness says what is wrong with a public key; "" is nothing.
func weakness(key any) string {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256(), elliptic.P384(), elliptic.P521():
			return ""
		}
		return "its curve is not P-256, P-384 or P-521"
	case *rsa.PublicKey:
		if bits := k.N.BitLen(); bits < MinRSABits || bits > MaxRSABits {
			return fmt.Sprintf("its RSA key has %d bits, wanted are %d to %d", bits, MinRSABits, MaxRSABits)
		}
		return ""
	default:
		return "its key is neither ECDSA nor RSA"
	}
}

// strongSignature lists what is accepted, so that an algorithm of tomorrow is not accepted by accident.
func strongSignature(a x509.SignatureAlgorithm) bool {
	switch a {
	case x509.ECDSAWithSHA256, x509.ECDSAWithSHA384, x509.ECDSAWithSHA512,
		x509.SHA256WithRSA, x509.SHA384WithRSA, x509.SHA512WithRSA,
		x509.SHA256WithRSAPSS, x509.SHA384WithRSAPSS, x509.SHA512WithRSAPSS:
		return true
	default:
		return false
	}
}
