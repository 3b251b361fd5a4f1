package reach

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"log/slog"
	"strings"

	"dps/shared/dps"
)

// Credentials are who the client is: a pre-shared key, or an identity certificate; exactly one.
type Credentials struct {
	PSK      *PSK
	Identity *tls.Certificate // common name uuid:<owner UUID>, leaf first, without the root
	Roots    *x509.CertPool   // where devices' certificates must lead; required with Identity
}

// PSK is a pre-shared key and whose it is. It prints redacted.
type PSK struct {
	SubjectID string // UUID: the owner's id
	Key       [16]byte
}

// String tells the subject alone.
func (p PSK) String() string { return "pre-shared key of " + p.SubjectID }

// GoString keeps %#v from printing the key.
func (p PSK) GoString() string { return p.String() }

// LogValue keeps a log from holding the key.
func (p PSK) LogValue() slog.Value { return slog.StringValue(p.String()) }

// MarshalText keeps JSON from holding the key.
func (p PSK) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

// identityBytes are the 16 bytes of the subject's UUID: what the firmware takes as PSK identity.
func (p PSK) identityBytes() []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(p.SubjectID, "-", ""))
	if err != nil {
		return nil // check has seen it
	}
	return b
}

// check gives the id that devices know us by. Errors: ReasonNoCredentials.
func (c Credentials) check() (string, error) {
	switch {
	case (c.PSK == nil) == (c.Identity == nil):
		return "", fail(ReasonNoCredentials, nil, "this client has no credentials yet, or two kinds: initialize it with a pre-shared key or an identity certificate")
	case c.PSK != nil:
		id, ok := dps.ParseUUID(c.PSK.SubjectID)
		if !ok {
			return "", fail(ReasonNoCredentials, nil, "subject id %q of the pre-shared key is not a UUID", clip(c.PSK.SubjectID))
		}
		return id, nil
	default:
		return c.checkIdentity()
	}
}

func (c Credentials) checkIdentity() (string, error) {
	if c.Roots == nil || len(c.Identity.Certificate) == 0 || c.Identity.PrivateKey == nil {
		return "", fail(ReasonNoCredentials, nil, "identity certificate needs a chain, its private key and the roots of the security domain")
	}
	leaf, err := x509.ParseCertificate(c.Identity.Certificate[0])
	if err != nil {
		return "", fail(ReasonNoCredentials, err, "identity certificate cannot be read")
	}
	id, ok := commonNameID(leaf)
	if !ok {
		return "", fail(ReasonNoCredentials, nil, "identity certificate's common name %q is not uuid:UUID", clip(leaf.Subject.CommonName))
	}
	return id, nil
}

// hasOCFKeyUsage tells whether the identity certificate may be used as OCF Security 2.2.5 §9.4.2.2 demands: iotivity-lite refuses any
// other, without a word about it.
func (c Credentials) hasOCFKeyUsage() bool {
	leaf, err := x509.ParseCertificate(c.Identity.Certificate[0])
	return err == nil && leaf.KeyUsage == x509.KeyUsageDigitalSignature|x509.KeyUsageKeyAgreement
}

// fingerprint tells credentials apart, so that a session of older ones is not used any more.
func (c Credentials) fingerprint() [32]byte {
	h := sha256.New()
	if c.PSK != nil {
		h.Write([]byte(c.PSK.SubjectID))
		h.Write(c.PSK.Key[:])
	}
	if c.Identity != nil && len(c.Identity.Certificate) > 0 {
		h.Write(c.Identity.Certificate[0])
	}
	return [32]byte(h.Sum(nil))
}
