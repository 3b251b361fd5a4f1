package local

import (
	"crypto/x509"
	"encoding/pem"
	"strings"

	"dps/client/device"
	"dps/shared/dps"
	"dps/shared/ocf"
)

// Bounds of one credential.
const (
	keySize         = 16 // bytes of a pre-shared key
	maxPEM          = 16 << 10
	maxCertificates = 5 // of one entry
)

// credential is an entry of /oic/sec/cred: a pre-shared key, or a trust anchor. The device's own certificate is kept apart.
type credential struct {
	id      int
	subject string // whom it lets in: a UUID, or ocf.SubjectAny
	tag     string
	key     [keySize]byte     // of a pre-shared key
	anchor  *x509.Certificate // nil: it is a pre-shared key
}

func (c credential) isPSK() bool { return c.anchor == nil }

func anchorCredential(a device.Anchor) credential {
	return credential{subject: strings.ToLower(a.Subject), tag: ocf.Tag, anchor: a.Certificate}
}

// pskCredential makes a credential of a key. Errors: CodeInvalid, without the key.
func pskCredential(subject string, key []byte) (credential, error) {
	id, ok := dps.ParseUUID(subject)
	if !ok {
		return credential{}, dps.Errorf(dps.CodeInvalid, "subjectuuid %q of a pre-shared key is not a UUID", subject)
	}
	if len(key) != keySize {
		return credential{}, dps.Errorf(dps.CodeInvalid, "pre-shared key has %d bytes, want %d", len(key), keySize)
	}
	return credential{subject: id, key: [keySize]byte(key)}, nil
}

// entry is the credential as it is read: never with its key (OCF Security 2.2.5 §13.3).
func (c credential) entry() ocf.CredEntry {
	e := ocf.CredEntry{ID: c.id, Subject: c.subject, Tag: c.tag, Type: ocf.CredentialTypeSymmetric}
	if c.isPSK() {
		e.PrivateData = &ocf.CredData{Data: []byte{}, Encoding: ocf.EncodingRaw}
		return e
	}
	e.Type, e.Usage = ocf.CredentialTypeCertificate, ocf.UsageTrustAnchor
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.anchor.Raw})
	e.PublicData = &ocf.CredData{Data: string(text), Encoding: ocf.EncodingPEM}
	return e
}

// parseCredential reads an entry that an owner writes: a key or trust anchors. Errors: CodeInvalid, without the key.
func parseCredential(e ocf.CredEntry) ([]credential, error) {
	switch {
	case e.Type == ocf.CredentialTypeSymmetric:
		return parseKey(e)
	case e.Type == ocf.CredentialTypeCertificate && e.Usage == ocf.UsageTrustAnchor:
		return parseAnchors(e)
	default:
		return nil, dps.Errorf(dps.CodeInvalid, "credential of type %d with usage %q is not one that can be written here", e.Type, clip(e.Usage))
	}
}

func parseKey(e ocf.CredEntry) ([]credential, error) {
	if e.PrivateData == nil || e.PrivateData.Encoding != ocf.EncodingRaw {
		return nil, dps.Errorf(dps.CodeInvalid, "pre-shared key needs privatedata with the encoding %s", ocf.EncodingRaw)
	}
	c, err := pskCredential(e.Subject, bytesOf(e.PrivateData.Data))
	c.tag = clip(e.Tag)
	return []credential{c}, err
}

func parseAnchors(e ocf.CredEntry) ([]credential, error) {
	subject, ok := dps.ParseUUID(e.Subject)
	if e.Subject == ocf.SubjectAny {
		subject, ok = ocf.SubjectAny, true
	}
	if !ok {
		return nil, dps.Errorf(dps.CodeInvalid, "subjectuuid %q of a trust anchor is neither a UUID nor %q", clip(e.Subject), ocf.SubjectAny)
	}
	if e.PublicData == nil || e.PublicData.Encoding != ocf.EncodingPEM {
		return nil, dps.Errorf(dps.CodeInvalid, "trust anchor needs publicdata with the encoding %s", ocf.EncodingPEM)
	}
	certs, err := parsePEM(bytesOf(e.PublicData.Data))
	if err != nil {
		return nil, err
	}
	out := make([]credential, 0, len(certs))
	for _, c := range certs {
		if !c.IsCA {
			return nil, dps.Errorf(dps.CodeInvalid, "trust anchor %q is no certificate authority", clip(c.Subject.String()))
		}
		out = append(out, credential{subject: subject, tag: clip(e.Tag), anchor: c})
	}
	return out, nil
}

func parsePEM(data []byte) ([]*x509.Certificate, error) {
	if len(data) > maxPEM {
		return nil, dps.Errorf(dps.CodeInvalid, "PEM has %d bytes, at most %d are allowed", len(data), maxPEM)
	}
	var out []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil || len(out) == maxCertificates {
			return nil, dps.Wrap(dps.CodeInvalid, err, "PEM does not hold 1 to 5 certificates")
		}
		out = append(out, c)
	}
	if len(out) == 0 {
		return nil, dps.Errorf(dps.CodeInvalid, "PEM holds no certificate")
	}
	return out, nil
}

// bytesOf reads what clients write as text or as bytes.
func bytesOf(data any) []byte {
	switch v := data.(type) {
	case string:
		return []byte(v)
	case []byte:
		return v
	default:
		return nil
	}
}
