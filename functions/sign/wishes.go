package sign

import (
	"crypto/x509"
	"encoding/asn1"
	"slices"

	"dps/shared/dps"
)

// oidIdentity is the extended key usage of an OCF identity certificate (OCF Security 2.2.5 §9.4.2.2).
var oidIdentity = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 44924, 1, 6}

var (
	oidExtensionRequest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 14} // RFC 2985 §5.4.2
	oidSubjectKeyID     = asn1.ObjectIdentifier{2, 5, 29, 14}
	oidKeyUsage         = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidBasicConstraints = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidExtKeyUsage      = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidNetscapeCertType = asn1.ObjectIdentifier{2, 16, 840, 1, 113730, 1, 1} // what embedded libraries still set
)

var (
	oidServerAuth = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 1}
	oidClientAuth = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 2}
)

// keyUsageSigning are the bits keyCertSign and cRLSign (RFC 5280 §4.2.1.3), as bit numbers.
var keyUsageSigning = []int{5, 6}

// checkWishes refuses a CSR that asks for more than an identity certificate: an authority might grant it, such as another
// name, or the right to sign. Errors: CodeInvalid.
func checkWishes(csr *x509.CertificateRequest) error {
	if err := checkAttributes(csr.RawTBSCertificateRequest); err != nil {
		return err
	}
	for _, e := range csr.Extensions {
		var harmless bool
		switch {
		case e.Id.Equal(oidSubjectKeyID), e.Id.Equal(oidNetscapeCertType):
			harmless = true
		case e.Id.Equal(oidKeyUsage):
			harmless = isEndEntityUsage(e.Value)
		case e.Id.Equal(oidBasicConstraints):
			harmless = isEndEntity(e.Value)
		case e.Id.Equal(oidExtKeyUsage):
			harmless = isIdentityUsage(e.Value)
		}
		if !harmless {
			return dps.Errorf(dps.CodeInvalid, "csr: asks for the extension %s, which is not a part of an identity certificate, or for too much in it", e.Id)
		}
	}
	return nil
}

// checkAttributes lets only the request for extensions stand (RFC 2986 §4.1): there are others by which some authorities
// take extensions, or names, too.
func checkAttributes(tbs []byte) error {
	var info struct {
		Version    int
		Subject    asn1.RawValue
		PublicKey  asn1.RawValue
		Attributes []asn1.RawValue `asn1:"tag:0,optional,set"`
	}
	if rest, err := asn1.Unmarshal(tbs, &info); err != nil || len(rest) > 0 {
		return dps.Errorf(dps.CodeInvalid, "csr: its attributes cannot be read")
	}
	for _, raw := range info.Attributes {
		var attribute struct {
			Type   asn1.ObjectIdentifier
			Values asn1.RawValue
		}
		if _, err := asn1.Unmarshal(raw.FullBytes, &attribute); err != nil {
			return dps.Errorf(dps.CodeInvalid, "csr: its attributes cannot be read")
		}
		if !attribute.Type.Equal(oidExtensionRequest) {
			return dps.Errorf(dps.CodeInvalid, "csr: has the attribute %s: want none but a request for extensions", attribute.Type)
		}
	}
	return nil
}

func isEndEntityUsage(value []byte) bool {
	var bits asn1.BitString
	if rest, err := asn1.Unmarshal(value, &bits); err != nil || len(rest) > 0 {
		return false
	}
	return !slices.ContainsFunc(keyUsageSigning, func(i int) bool { return bits.At(i) == 1 })
}

func isEndEntity(value []byte) bool {
	var constraints struct {
		IsCA       bool `asn1:"optional"`
		MaxPathLen int  `asn1:"optional,default:-1"`
	}
	rest, err := asn1.Unmarshal(value, &constraints)
	return err == nil && len(rest) == 0 && !constraints.IsCA
}

func isIdentityUsage(value []byte) bool {
	var usages []asn1.ObjectIdentifier
	if rest, err := asn1.Unmarshal(value, &usages); err != nil || len(rest) > 0 {
		return false
	}
	return !slices.ContainsFunc(usages, func(u asn1.ObjectIdentifier) bool {
		return !u.Equal(oidServerAuth) && !u.Equal(oidClientAuth) && !u.Equal(oidIdentity)
	})
}
