package sign_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"strings"
	"testing"

	"dps/shared/contract"
	"dps/shared/dps"
	"dps/shared/hubtest"
)

func encodeCSR(t testing.TB, template *x509.CertificateRequest, key crypto.Signer) string {
	t.Helper()
	der := hubtest.Must(x509.CreateCertificateRequest(rand.Reader, template, key))(t)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

func extension(t testing.TB, oid asn1.ObjectIdentifier, value any) pkix.Extension {
	t.Helper()
	return pkix.Extension{Id: oid, Value: hubtest.Must(asn1.Marshal(value))(t)}
}

var (
	oidKeyUsage    = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidBasic       = asn1.ObjectIdentifier{2, 5, 29, 19}
	oidEKU         = asn1.ObjectIdentifier{2, 5, 29, 37}
	oidClientAuth  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 2}
	oidCodeSigning = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 3}
)

type basicConstraints struct {
	IsCA bool `asn1:"optional"`
}

// Every CSR that is not what PROTOCOL §3 asks for is refused before anybody is asked, and says why.
func TestCSRs(t *testing.T) {
	p256 := hubtest.Must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))(t)
	p384 := hubtest.Must(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))(t)
	rsaKey := hubtest.Must(rsa.GenerateKey(rand.Reader, 2048))(t)
	name := pkix.Name{CommonName: "uuid:" + hubtest.Device.DeviceID}
	good := encodeCSR(t, &x509.CertificateRequest{Subject: name}, p256)
	with := func(e ...pkix.Extension) string {
		return encodeCSR(t, &x509.CertificateRequest{Subject: name, ExtraExtensions: e}, p256)
	}
	subject := func(n pkix.Name) string { return encodeCSR(t, &x509.CertificateRequest{Subject: n}, p256) }
	block, _ := pem.Decode([]byte(good))
	broken := append([]byte(nil), block.Bytes...)
	broken[len(broken)-1] ^= 1
	tests := []struct {
		name, csr, want string // want: in the message; "" where the CSR is good
	}{
		{"good", good, ""},
		{"device id in capitals", subject(pkix.Name{CommonName: "uuid:" + strings.ToUpper(hubtest.Device.DeviceID)}), ""},
		{"key usage digitalSignature", with(extension(t, oidKeyUsage, asn1.BitString{Bytes: []byte{0x80}, BitLength: 1})), ""},
		{"usages of an identity", with(extension(t, oidEKU, []asn1.ObjectIdentifier{oidClientAuth, {1, 3, 6, 1, 4, 1, 44924, 1, 6}})), ""},
		{"no authority", with(extension(t, oidBasic, basicConstraints{})), ""},

		{"empty", "", "not in PEM"},
		{"garbage", "hello", "not in PEM"},
		{"DER", string(block.Bytes), "not in PEM"},
		{"certificate", strings.ReplaceAll(good, "CERTIFICATE REQUEST", "CERTIFICATE"), "type CERTIFICATE REQUEST"},
		{"old name of the type", strings.ReplaceAll(good, "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"), "type CERTIFICATE REQUEST"},
		{"headers", strings.Replace(good, "-----\n", "-----\nA: b\n\n", 1), "without headers"},
		{"something before", "x\n" + good, "not in PEM"},
		{"something after", good + "x", "follows"},
		{"two", good + good, "follows"},
		{"too long", good + strings.Repeat("\n", contract.MaxCSRSize), "at most 4096"},
		{"PEM of nothing", "-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n", "not a certificate signing request"},
		{"trailing DER", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: append(block.Bytes[:len(block.Bytes):len(block.Bytes)], 0)})), "not a certificate signing request"},
		{"broken signature", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: broken})), "signature"},
		{"P-384", encodeCSR(t, &x509.CertificateRequest{Subject: name}, p384), "P-256"},
		{"RSA", encodeCSR(t, &x509.CertificateRequest{Subject: name}, rsaKey), "P-256"},
		{"SHA-512", encodeCSR(t, &x509.CertificateRequest{Subject: name, SignatureAlgorithm: x509.ECDSAWithSHA512}, p256), "SHA512"},
		{"no subject", subject(pkix.Name{}), "subject"},
		{"another device", subject(pkix.Name{CommonName: "uuid:00000000-cafe-4eaf-8eef-0000000000ff"}), "0000000000ff"},
		{"no uuid:", subject(pkix.Name{CommonName: hubtest.Device.DeviceID}), "CN=uuid:"},
		{"more than the device id", subject(pkix.Name{CommonName: name.CommonName + " x"}), "CN=uuid:"},
		{"organization too", subject(pkix.Name{CommonName: name.CommonName, Organization: []string{"x"}}), "alone"},
		{"two common names", subject(pkix.Name{ExtraNames: []pkix.AttributeTypeAndValue{
			{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: "uuid:00000000-cafe-4eaf-8eef-0000000000ff"},
			{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: name.CommonName},
		}}), "alone"},
		{"another attribute with the name", subject(pkix.Name{SerialNumber: name.CommonName}), "alone"},
		{"DNS name", encodeCSR(t, &x509.CertificateRequest{Subject: name, DNSNames: []string{"example.com"}}, p256), "2.5.29.17"},
		{"key usage keyCertSign", with(extension(t, oidKeyUsage, asn1.BitString{Bytes: []byte{0x04}, BitLength: 6})), "2.5.29.15"},
		{"key usage cRLSign", with(extension(t, oidKeyUsage, asn1.BitString{Bytes: []byte{0x02}, BitLength: 7})), "2.5.29.15"},
		{"code signing", with(extension(t, oidEKU, []asn1.ObjectIdentifier{oidClientAuth, oidCodeSigning})), "2.5.29.37"},
		{"authority", with(extension(t, oidBasic, basicConstraints{true})), "2.5.29.19"},
		{"garbled constraints", with(pkix.Extension{Id: oidBasic, Value: []byte("x")}), "2.5.29.19"},
		{"unknown extension", with(pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3}, Value: []byte("x")}), "1.2.3"},
		{"another attribute", encodeCSR(t, &x509.CertificateRequest{Subject: name, Attributes: []pkix.AttributeTypeAndValueSET{{ //nolint:staticcheck // the only way to have one
			Type: asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 7}, Value: [][]pkix.AttributeTypeAndValue{{{Type: asn1.ObjectIdentifier{1, 2, 3}, Value: "x"}}},
		}}}, p256), "1.2.840.113549.1.9.7"},
	}
	f := newFixture(t, nil)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for way, functions := range f.ways {
				before, _ := f.CA.Calls()
				reply, err := functions.Sign(t.Context(), contract.SignRequest{Device: hubtest.Device, CSR: tt.csr})
				after, _ := f.CA.Calls()
				if tt.want == "" {
					if err != nil || reply.CertificateChain == "" {
						t.Fatalf("%s: %v", way, err)
					}
					continue
				}
				if dps.CodeOf(err) != dps.CodeInvalid || !strings.HasPrefix(dps.AsError(err).Message, "csr: ") || !strings.Contains(dps.AsError(err).Message, tt.want) {
					t.Fatalf("%s: error %v, want invalid with %q", way, err, tt.want)
				}
				if after != before {
					t.Errorf("%s: the authority was asked", way)
				}
			}
		})
	}
}

func TestForgedSignatureOfCSRBindsNothing(t *testing.T) {
	f := newFixture(t, nil)
	_, err := f.ways["typed"].Sign(t.Context(), contract.SignRequest{Device: hubtest.Device, CSR: "x"})
	if dps.CodeOf(err) != dps.CodeInvalid {
		t.Fatal(err)
	}
	if _, err := f.Store.Binding(t.Context(), hubtest.Device.DeviceID); dps.CodeOf(err) != dps.CodeNotFound {
		t.Fatalf("a bad CSR has bound the device: %v", err)
	}
}
