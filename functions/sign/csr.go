package sign

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"strings"

	"dps/shared/contract"
	"dps/shared/dps"
)

// subjectPrefix stands before the device id in the common name (OCF Security 2.2.5 §9.4.2.2).
const subjectPrefix = "uuid:"

const csrBlock = "CERTIFICATE REQUEST"

var oidCommonName = asn1.ObjectIdentifier{2, 5, 4, 3}

// signingRequest is a CSR that has passed every check.
type signingRequest struct {
	pem      []byte
	key      *ecdsa.PublicKey
	deviceID string // canonical
}

// parseCSR checks a device's CSR (PKCS #10, RFC 2986): one PEM block and nothing else, P-256, ECDSA with SHA-256, signed by its
// own key, subject CN=uuid:<device id> and nothing else, and no wish that goes beyond an identity certificate. Errors:
// CodeInvalid, naming what is wrong.
func parseCSR(text, deviceID string) (signingRequest, error) {
	id, ok := dps.ParseUUID(deviceID)
	if !ok || id == dps.NilUUID {
		return signingRequest{}, dps.Errorf(dps.CodeInvalid, "device.deviceId: is not a UUID, or the nil UUID")
	}
	der, err := decodeCSR(text)
	if err != nil {
		return signingRequest{}, err
	}
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil {
		return signingRequest{}, dps.Wrap(dps.CodeInvalid, err, "csr: is not a certificate signing request")
	}
	key, err := csrKey(csr)
	if err != nil {
		return signingRequest{}, err
	}
	if err := checkSubject(csr.RawSubject, id); err != nil {
		return signingRequest{}, err
	}
	if err := checkWishes(csr); err != nil {
		return signingRequest{}, err
	}
	// The dearest check comes last.
	if err := csr.CheckSignature(); err != nil {
		return signingRequest{}, dps.Wrap(dps.CodeInvalid, err, "csr: its signature does not verify with its own key")
	}
	return signingRequest{pem: pem.EncodeToMemory(&pem.Block{Type: csrBlock, Bytes: der}), key: key, deviceID: id}, nil
}

// decodeCSR takes the one PEM block out of the text.
func decodeCSR(text string) ([]byte, error) {
	if len(text) > contract.MaxCSRSize {
		return nil, dps.Errorf(dps.CodeInvalid, "csr: has %d bytes, at most %d are taken", len(text), contract.MaxCSRSize)
	}
	text = strings.TrimSpace(text)
	block, rest := pem.Decode([]byte(text))
	switch {
	case block == nil || !strings.HasPrefix(text, "-----BEGIN "):
		return nil, dps.Errorf(dps.CodeInvalid, "csr: is not in PEM format")
	case block.Type != csrBlock || len(block.Headers) > 0:
		return nil, dps.Errorf(dps.CodeInvalid, "csr: is not a PEM block of the type "+csrBlock+" without headers")
	case len(rest) > 0:
		return nil, dps.Errorf(dps.CodeInvalid, "csr: something follows its PEM block")
	}
	return block.Bytes, nil
}

func csrKey(csr *x509.CertificateRequest) (*ecdsa.PublicKey, error) {
	key, ok := csr.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, dps.Errorf(dps.CodeInvalid, "csr: its key is not on the curve P-256")
	}
	if csr.SignatureAlgorithm != x509.ECDSAWithSHA256 {
		return nil, dps.Errorf(dps.CodeInvalid, "csr: is signed with %s, want %s", csr.SignatureAlgorithm, x509.ECDSAWithSHA256)
	}
	return key, nil
}

// checkSubject reads the subject itself: pkix.Name would hide a second common name.
func checkSubject(raw []byte, deviceID string) error {
	var subject pkix.RDNSequence
	rest, err := asn1.Unmarshal(raw, &subject)
	if err != nil || len(rest) > 0 || len(subject) != 1 || len(subject[0]) != 1 || !subject[0][0].Type.Equal(oidCommonName) {
		return dps.Errorf(dps.CodeInvalid, "csr: its subject is not CN=%sDEVICE-ID alone", subjectPrefix)
	}
	name, _ := subject[0][0].Value.(string)
	text, prefixed := strings.CutPrefix(name, subjectPrefix)
	id, ok := dps.ParseUUID(text)
	if !prefixed || !ok {
		return dps.Errorf(dps.CodeInvalid, "csr: its subject is not CN=%sDEVICE-ID alone", subjectPrefix)
	}
	if id != deviceID {
		return dps.Errorf(dps.CodeInvalid, "csr: its subject names device %s, the request is for %s", id, deviceID)
	}
	return nil
}
