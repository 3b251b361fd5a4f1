package member

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"

	"dps/shared/dps"
)

// commonName is that of a person's or program's identity certificate (PROTOCOL §9).
func commonName(owner string) string { return "uuid:" + dps.OwnerUUID(owner) }

// newRequest makes a key and a request for its certificate: P-256, and the common name alone.
func newRequest(owner string) (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, dps.Wrap(dps.CodeInternal, err, "a key cannot be made")
	}
	template := &x509.CertificateRequest{Subject: pkix.Name{CommonName: commonName(owner)}, SignatureAlgorithm: x509.ECDSAWithSHA256}
	der, err := x509.CreateCertificateRequest(rand.Reader, template, key)
	if err != nil {
		return nil, nil, dps.Wrap(dps.CodeInternal, err, "a request for a certificate cannot be made")
	}
	return key, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}), nil
}
