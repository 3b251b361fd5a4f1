package rest

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"dps/functions/api/rest/plgd"
	"dps/shared/dps"
)

// InspectRequest asks what certificates say.
type InspectRequest struct {
	Certificates string `json:"certificates" doc:"PEM, as data:;base64,CONTENT or as it is; 1 to 10 certificates."`
}

// Inspection is what they say, and whether they would do as an enrollment group's chain.
type Inspection struct {
	Certificates        []Certificate `json:"certificates" doc:"In the order given."`
	Problem             string        `json:"problem" doc:"Why they would not do as a group's chain; empty: they would."`
	LeadCertificateName string        `json:"leadCertificateName" doc:"Common name of the certificate that would lead: the nearest to devices."`
}

// Certificate is what one certificate says.
type Certificate struct {
	Index        int32  `json:"index"`
	Subject      string `json:"subject"`
	CommonName   string `json:"commonName"`
	Issuer       string `json:"issuer"`
	Serial       string `json:"serial" doc:"In hexadecimal."`
	NotBefore    string `json:"notBefore" doc:"RFC 3339."`
	NotAfter     string `json:"notAfter" doc:"RFC 3339."`
	KeyAlgorithm string `json:"keyAlgorithm"`
	IsCA         bool   `json:"isCa"`
	SelfSigned   bool   `json:"selfSigned"`
	SHA256       string `json:"sha256" doc:"Fingerprint of the certificate, in hexadecimal."`
	RecordID     string `json:"recordId" doc:"Id of the record that a device with this key has."`
	IssuedBy     int32  `json:"issuedBy" doc:"Index of the certificate that signed it, -1 where none of these did."`
	Problem      string `json:"problem" doc:"Why it would not do in a group's chain; empty: it would."`
}

// inspect reads certificates for people: nothing is stored.
func (a *api) inspect(x *exchange) (answer, error) {
	var sent InspectRequest
	if err := x.decode(&sent); err != nil {
		return answer{}, err
	}
	chain, err := plgd.Certificates("certificates", sent.Certificates, dps.MaxGroupCertificates)
	if err != nil {
		return answer{}, err
	}
	out := Inspection{}
	for i, c := range chain {
		out.Certificates = append(out.Certificates, a.certificate(i, c, chain))
	}
	out.LeadCertificateName = chain[nearest(chain)].Subject.CommonName
	if i := slices.IndexFunc(out.Certificates, func(c Certificate) bool { return c.Problem != "" }); i >= 0 {
		out.Problem = fmt.Sprintf("certificate %d: %s", i+1, out.Certificates[i].Problem)
	}
	return answer{object: out}, nil
}

func (a *api) certificate(i int, c *x509.Certificate, chain []*x509.Certificate) Certificate {
	fingerprint := sha256.Sum256(c.Raw)
	return Certificate{
		Index:   int32(i), //nolint:gosec // bounded
		Subject: c.Subject.String(), CommonName: c.Subject.CommonName, Issuer: c.Issuer.String(), Serial: c.SerialNumber.Text(16),
		NotBefore: stamp(c.NotBefore), NotAfter: stamp(c.NotAfter), KeyAlgorithm: keyAlgorithm(c), IsCA: c.IsCA, SelfSigned: dps.IsSelfSigned(c),
		SHA256: hex.EncodeToString(fingerprint[:]), RecordID: dps.RecordID(c.RawSubjectPublicKeyInfo),
		IssuedBy: int32(issuerOf(i, chain)), //nolint:gosec // bounded
		Problem:  problemOf(c, a.Now()),
	}
}

func keyAlgorithm(c *x509.Certificate) string {
	switch key := c.PublicKey.(type) {
	case *ecdsa.PublicKey:
		return "ECDSA " + key.Curve.Params().Name
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", key.N.BitLen())
	case ed25519.PublicKey:
		return "Ed25519"
	default:
		return c.PublicKeyAlgorithm.String()
	}
}

// issuerOf gives the certificate that signed chain[i], -1 for none of the others.
func issuerOf(i int, chain []*x509.Certificate) int {
	return slices.IndexFunc(chain, func(c *x509.Certificate) bool {
		return c != chain[i] && !c.Equal(chain[i]) && chain[i].CheckSignatureFrom(c) == nil
	})
}

// nearest is the certificate that signed none of the others: the nearest to devices.
func nearest(chain []*x509.Certificate) int {
	for i := range chain {
		if !slices.ContainsFunc(chain, func(c *x509.Certificate) bool {
			j := slices.Index(chain, c)
			return j != i && issuerOf(j, chain) == i
		}) {
			return i
		}
	}
	return 0
}

// problemOf says why the certificate is no authority that devices' certificates can be led back to.
func problemOf(c *x509.Certificate, now time.Time) string {
	switch {
	case !c.IsCA:
		return "it is not a certificate authority's: give the one that issued the devices' certificates"
	case now.After(c.NotAfter):
		return "it has expired on " + c.NotAfter.UTC().Format(time.DateOnly)
	case now.Before(c.NotBefore):
		return "it is not valid before " + c.NotBefore.UTC().Format(time.DateOnly)
	}
	return ""
}
